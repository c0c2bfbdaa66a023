import { css, injectGlobal } from '@emotion/css';

/** Marks what is printed: `<article {...PRINTED}>`. */
export const PRINTED = { 'data-promptops-report': '' };
const REPORT = '[data-promptops-report]';

/**
 * On paper there is the report alone, dark on white, whatever the theme is and whatever the host has around it: what holds the report is made
 * plain, what stands beside it is left out. Where no report is on the page nothing of this applies.
 */
const ON_PAPER: Record<string, Record<string, string>> = {
  [`:is(html, body, body *):has(${REPORT})`]: {
    display: 'block !important',
    position: 'static !important',
    height: 'auto !important',
    minHeight: '0 !important',
    maxHeight: 'none !important',
    overflow: 'visible !important',
    margin: '0 !important',
    padding: '0 !important',
    background: '#fff !important',
    transform: 'none !important',
  },
  [`body:has(${REPORT}) :not(${REPORT}, ${REPORT} *, :has(${REPORT}))`]: { display: 'none !important' },
  [`${REPORT}, ${REPORT} *`]: {
    color: '#111 !important',
    borderColor: '#bbb !important',
    boxShadow: 'none !important',
  },
  [`${REPORT}, ${REPORT} *:not([style*='width'])`]: { background: 'transparent !important' },
  // The bars are the one thing that is told by a surface.
  [`${REPORT} [style*='width']`]: { background: '#dde5f2 !important', printColorAdjust: 'exact' },
  [`${REPORT} a`]: { textDecoration: 'none !important' },
  [`${REPORT} section`]: { padding: '8px 12px !important', gridColumn: 'span var(--span) !important' },
  // A sheet of paper is as narrow as a tablet, and has room for two columns all the same.
  [`${REPORT} div:has(> section)`]: {
    gridTemplateColumns: 'repeat(12, minmax(0, 1fr)) !important',
    gap: '10px !important',
  },
  [`${REPORT} dl`]: {
    gridTemplateColumns: 'repeat(auto-fit, minmax(120px, 1fr)) !important',
    gap: '10px !important',
  },
  [`${REPORT} button`]: { display: 'none !important' },
};

let isInjected = false;
/** Adds the rules for paper once. */
export function injectPrintStyles(): void {
  if (isInjected) return;
  isInjected = true;
  injectGlobal({ '@media print': ON_PAPER });
}

export const getPrintStyles = () => ({
  onlyOnPaper: css({ display: 'none', '@media print': { display: 'block', fontSize: 22, marginBottom: 8 } }),
  notOnPaper: css({ '&&': { '@media print': { display: 'none' } } }),
});
