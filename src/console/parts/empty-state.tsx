import type { ReactNode } from 'react';

/**
 * Shown instead of an empty list: why it is empty, and what to do next.
 * @param props.heading `h1` if there is nothing else on the page
 */
export function EmptyState(props: { title: string; heading?: 'h1' | 'h2'; children?: ReactNode }) {
  const { title, heading: Heading = 'h2', children } = props;
  return (
    <div className="empty">
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}
