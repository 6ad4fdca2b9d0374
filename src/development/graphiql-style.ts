/** What is mended of GraphiQL's own style. */
export const style = /* css */ `
/* Where the page starts with several tabs, one that gets the focus jumps aside: away from under the mouse that clicks it. */
.graphiql-tab { transform: none !important }

/* A narrow window has no room for columns: there the answer stands below the question, the icons below both, and what an
   icon opens takes the place of both. */
@media (max-width: 700px) {
  .graphiql-container { flex-direction: column-reverse; height: 100dvh }
  .graphiql-container .graphiql-sidebar { flex-direction: row; width: 100%; padding-top: 0 }
  .graphiql-container .graphiql-sidebar > [style] { margin: 0 0 0 auto !important }
  .graphiql-container .graphiql-main { flex-direction: column; min-height: 0 }
  .graphiql-container .graphiql-sessions { margin: var(--px-8); min-height: 0 }
  .graphiql-container .graphiql-logo { display: none }
  .graphiql-container .graphiql-plugin:not([style*='absolute']) { flex: 1 !important; border: 0 }
  .graphiql-container .graphiql-plugin:not([style*='absolute']) ~ * { display: none }
  .graphiql-container #graphiql-session { flex-direction: column; min-height: 0 }
  .graphiql-container .graphiql-editors { min-height: 0 }
  .graphiql-container .graphiql-response { min-height: 0 }
  .graphiql-container .graphiql-horizontal-drag-bar { display: none }
}
`;
