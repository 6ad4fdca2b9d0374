import { useEffect, useRef } from 'react';
import { Link, useRoute } from 'wouter';
import { pages } from '../pages.ts';
import { routes } from '../routes.ts';
import type { RoleName } from '../sign-in/role-name.ts';
import { isDevelopment, signIn, signOut } from '../sign-in/viewer.ts';
import { useStore } from '@orderstream/client/react';
import { ConnectionPill } from './connection-pill.tsx';
import { Figures, OwnFigures } from './figures.tsx';
import { RoleSwitch } from './role-switch.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

/** On every page: the product, the pages, whether the page is live, today's figures, and who one is. */
export function Header({ role }: { role: RoleName }) {
  const { kind } = useStore(signIn);
  const links = Object.values(pages).filter(page => page.link !== undefined && page.roles.includes(role));
  return (
    <header className="shell">
      <Link href={routes.board} className="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" />
          <path d="M7 11h11a4 4 0 0 1 0 8H13a2.5 2.5 0 0 0 0 5h12" />
          <circle cx="25" cy="11" r="2.2" />
        </svg>
        Orderstream
      </Link>
      <nav aria-label="Pages">
        {links.map(({ path, link }) => (
          <PageLink key={path} path={path}>
            {link}
          </PageLink>
        ))}
      </nav>
      <div className="who">
        {isDevelopment && kind !== 'token' ? (
          <RoleSwitch role={role} />
        ) : (
          <button
            className="plain"
            onClick={() => {
              signOut();
            }}
          >
            Sign out
          </button>
        )}
      </div>
      <ThemeSwitch />
      <div className="pulse">
        <ConnectionPill />
        {kind !== 'switching' && (role === 'customer' ? <OwnFigures /> : <Figures key={role} />)}
      </div>
    </header>
  );
}

function PageLink({ path, children }: { path: string; children: string | undefined }) {
  const [isHere] = useRoute(path);
  const link = useRef<HTMLAnchorElement>(null);
  // On a narrow screen the navigation scrolls: one sees where one is.
  useEffect(() => {
    if (isHere) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [isHere]);
  return (
    <Link ref={link} href={path} aria-current={isHere ? 'page' : undefined}>
      {children}
    </Link>
  );
}
