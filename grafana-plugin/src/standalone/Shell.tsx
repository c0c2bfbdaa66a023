import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Icon, RadioButtonGroup, useStyles2 } from '@grafana/ui';
import { useEffect, useState, type ReactNode } from 'react';
import { NavLink, useLocation } from 'react-router-dom';
import { PAGES } from '../navigation/pages.ts';
import { KEPT } from '../navigation/use-page-link.ts';
import { signOut, type Session } from './session.ts';
import { useThemeChoice, type ThemeChoice } from './theme.tsx';

const THEMES: { value: ThemeChoice; label: string }[] = [
  { value: 'system', label: 'System' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
];

/** The frame at /analytics: navigation at the side, behind a button on a phone. */
export function Shell({
  session,
  onSignedOut,
  children,
}: {
  session: Session;
  onSignedOut: () => void;
  children: ReactNode;
}) {
  const styles = useStyles2(getStyles);
  const { choice, choose } = useThemeChoice();
  const [isOpen, setIsOpen] = useState(false);
  const { pathname, search } = useLocation();
  useEffect(() => setIsOpen(false), [pathname]);
  const kept = new URLSearchParams(
    [...new URLSearchParams(search)].filter(([name]) => KEPT.includes(name)),
  ).toString();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        Skip to the content
      </a>
      <header className={styles.side}>
        <div className={styles.top}>
          <img src="/analytics/assets/logo.svg" width={24} height={24} alt="" />
          <strong>PromptOps Analytics</strong>
          <span className={styles.menuButton}>
            <Button
              variant="secondary"
              fill="text"
              icon={isOpen ? 'times' : 'bars'}
              aria-expanded={isOpen}
              aria-controls="navigation"
              aria-label={isOpen ? 'Close the menu' : 'Open the menu'}
              onClick={() => setIsOpen(!isOpen)}
            />
          </span>
        </div>
        <div id="navigation" className={isOpen ? styles.menuOpen : styles.menu}>
          <nav aria-label="Pages">
            <ul className={styles.list}>
              {PAGES.map(({ path, title, icon }) => (
                <li key={path}>
                  <NavLink className={styles.link} to={`/${path}${kept === '' ? '' : `?${kept}`}`}>
                    <Icon name={icon} aria-hidden /> {title}
                  </NavLink>
                </li>
              ))}
            </ul>
          </nav>
          <div className={styles.foot}>
            <RadioButtonGroup
              aria-label="Theme"
              size="sm"
              fullWidth
              options={THEMES}
              value={choice}
              onChange={choose}
            />
            <div className={styles.who}>
              <span title="Tenant">{session.tenant_id}</span>
              <Button
                size="sm"
                variant="secondary"
                fill="text"
                icon="signout"
                onClick={() => void signOut().finally(onSignedOut)}
              >
                Sign out
              </Button>
            </div>
          </div>
        </div>
      </header>
      <main id="content" className={styles.content} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const phone = theme.breakpoints.down('md');
  const menu = {
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'space-between',
    flex: 1,
    minHeight: 0,
    overflowY: 'auto',
  } as const;
  return {
    shell: css({
      display: 'grid',
      gridTemplateColumns: '232px minmax(0, 1fr)',
      minHeight: '100vh',
      [phone]: { gridTemplateColumns: 'minmax(0, 1fr)', alignContent: 'start' },
      '@media print': { display: 'block' },
    }),
    skip: css({
      position: 'absolute',
      left: -9999,
      '&:focus': {
        left: theme.spacing(1),
        top: theme.spacing(1),
        zIndex: theme.zIndex.modal,
        background: theme.colors.background.primary,
        padding: theme.spacing(1),
      },
    }),
    side: css({
      position: 'sticky',
      top: 0,
      height: '100vh',
      display: 'flex',
      flexDirection: 'column',
      background: theme.colors.background.primary,
      borderRight: `1px solid ${theme.colors.border.weak}`,
      zIndex: theme.zIndex.sidemenu,
      [phone]: {
        position: 'static',
        height: 'auto',
        borderRight: 0,
        borderBottom: `1px solid ${theme.colors.border.weak}`,
      },
      '@media print': { display: 'none' },
    }),
    top: css({
      display: 'flex',
      alignItems: 'center',
      gap: theme.spacing(1),
      padding: theme.spacing(2),
      [phone]: { padding: theme.spacing(1, 2) },
    }),
    menuButton: css({ marginLeft: 'auto', [theme.breakpoints.up('md')]: { display: 'none' } }),
    menu: css({ ...menu, [phone]: { display: 'none' } }),
    menuOpen: css(menu),
    list: css({ listStyle: 'none', margin: 0, padding: theme.spacing(0, 1) }),
    link: css({
      display: 'flex',
      alignItems: 'center',
      gap: theme.spacing(1),
      padding: theme.spacing(0.75, 1),
      borderRadius: theme.shape.radius.default,
      color: theme.colors.text.secondary,
      '&:hover': { background: theme.colors.action.hover, color: theme.colors.text.primary },
      '&.active': {
        background: theme.colors.action.selected,
        color: theme.colors.text.primary,
        boxShadow: `inset 2px 0 ${theme.colors.primary.main}`,
      },
    }),
    foot: css({ padding: theme.spacing(2) }),
    who: css({
      display: 'flex',
      alignItems: 'center',
      justifyContent: 'space-between',
      marginTop: theme.spacing(1),
      color: theme.colors.text.secondary,
    }),
    content: css({
      padding: theme.spacing(2, 3),
      minWidth: 0,
      maxWidth: 2400,
      outline: 'none',
      [phone]: { padding: theme.spacing(2) },
      '@media print': { padding: 0 },
    }),
  };
};
