import { Component, type ComponentType, lazy, type ReactNode, Suspense, useEffect } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { EmptyState } from '../parts/empty-state.tsx';
import { type Page, pages } from '../pages.ts';
import { routes } from '../routes.ts';
import type { RoleName } from '../sign-in/role-name.ts';
import { isDevelopment } from '../sign-in/viewer.ts';

const loaded = Object.values(pages).map(page => ({
  page,
  Content: lazy(async () => ({ default: await page.load() })),
}));

/** The page of the present URL. */
export function PageOutlet({ role }: { role: RoleName }) {
  const [path] = useLocation();
  return (
    <PageBoundary key={path}>
      <Suspense fallback={<p className="loading">Loading…</p>}>
        <Switch>
          {loaded.map(({ page, Content }) => (
            <Route key={page.path} path={page.path}>
              {params => <Shown page={page} role={role} Content={Content} params={{ ...(params as object) }} />}
            </Route>
          ))}
          <Route>
            <EmptyState heading="h1" title="There is no such page">
              <Link href={routes.board}>Go to the board</Link>
            </EmptyState>
          </Route>
        </Switch>
      </Suspense>
    </PageBoundary>
  );
}

function Shown(props: {
  page: Page;
  role: RoleName;
  Content: ComponentType<Readonly<Record<string, string>>>;
  params: Readonly<Record<string, string>>;
}) {
  const { page, role, Content, params } = props;
  useEffect(() => {
    document.title = `${page.title} · Orderstream`;
  }, [page]);
  // Another role is another viewer: nothing of the last one stays.
  if (page.roles.includes(role)) return <Content key={role} {...params} />;
  return (
    <EmptyState heading="h1" title={`${page.title}: only for ${page.roles.join(' and ')}`}>
      <p>
        You are here as {role}. {isDevelopment ? 'Switch your role above' : 'Sign out, and sign in with another role'},
        or <Link href={routes.board}>go to the board</Link>.
      </p>
    </EmptyState>
  );
}

/** A page that fails does not take the rest of the console with it. */
class PageBoundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <EmptyState heading="h1" title="This page could not be shown">
        <p className="quiet">{error.message}</p>
        <p>The server may have a new version. What is stored is safe.</p>
        <button
          className="primary"
          onClick={() => {
            location.reload();
          }}
        >
          Reload the page
        </button>
      </EmptyState>
    );
  }
}
