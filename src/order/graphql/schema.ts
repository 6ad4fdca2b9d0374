import './mutations.ts';
import './history.ts';
import './order-at.ts';
import './queries.ts';
import './order-counts.ts';
import './customer-totals.ts';
import './sales.ts';
import './subscriptions.ts';
