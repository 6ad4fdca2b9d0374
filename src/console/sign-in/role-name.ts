/** The roles of viewers, as tokens name them. */
export type RoleName = 'staff' | 'customer' | 'operator';
