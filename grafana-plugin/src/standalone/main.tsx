import './public-path.ts';
import { createRoot } from 'react-dom/client';
import { StandaloneApp } from './StandaloneApp.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
createRoot(root).render(<StandaloneApp />);
