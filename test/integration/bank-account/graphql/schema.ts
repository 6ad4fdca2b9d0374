import './mutations.ts';
import './subscriptions.ts';
