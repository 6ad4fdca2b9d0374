/** Corrections to GraphiQL's style sheet. */
export const style = /* css */ `
/* Without this, a tab that gets the focus moves away from under the mouse, if the page starts with several tabs. */
.graphiql-tab { transform: none !important }

/* In a narrow window there are no columns: the response is below the operation, the icons are below both, and the panel
   of an icon replaces both. */
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
