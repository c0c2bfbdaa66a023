import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { browserPreferences, read } from './preferences.ts';

export type ThemeChoice = 'system' | 'dark' | 'light';
const CHOICES: ThemeChoice[] = ['system', 'dark', 'light'];

/** What the system has: Grafana's own is a file that is not served here. */
const MONOSPACE = 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace';

interface ChosenTheme {
  choice: ThemeChoice;
  choose: (choice: ThemeChoice) => void;
}
const Chosen = createContext<ChosenTheme>({ choice: 'system', choose: () => undefined });
export const useThemeChoice = (): ChosenTheme => useContext(Chosen);

/** Grafana's look, dark or light as the user or their system wants it. */
export function Theme({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<ThemeChoice>(
    () => CHOICES.find((one) => one === read('theme')) ?? 'system',
  );
  const systemIsDark = useSystemIsDark();
  const mode = choice === 'system' ? (systemIsDark ? 'dark' : 'light') : choice;
  const theme = useMemo(
    () => createTheme({ colors: { mode }, typography: { fontFamilyMonospace: MONOSPACE } }),
    [mode],
  );
  useEffect(() => {
    document.documentElement.style.colorScheme = mode;
    document.body.style.background = theme.colors.background.canvas;
    document.body.style.margin = '0';
  }, [mode, theme]);
  const chosen = useMemo(
    () => ({
      choice,
      choose: (next: ThemeChoice) => {
        setChoice(next);
        void browserPreferences.set('theme', next);
      },
    }),
    [choice],
  );
  return (
    <Chosen.Provider value={chosen}>
      <ThemeContext.Provider value={theme}>
        <GlobalStyles />
        {children}
        <PortalContainer />
      </ThemeContext.Provider>
    </Chosen.Provider>
  );
}

function useSystemIsDark(): boolean {
  const query = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), []);
  const [isDark, setIsDark] = useState(query.matches);
  useEffect(() => {
    const follow = () => setIsDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, [query]);
  return isDark;
}
