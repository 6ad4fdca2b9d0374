import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles/tokens.css';
import './styles/elements.css';
import './styles/parts.css';
import './styles/rows.css';
import './styles/facts.css';
import './shell/shell.css';
import { App } from './shell/app.tsx';
import { showTheme } from './shell/theme.ts';

showTheme();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
