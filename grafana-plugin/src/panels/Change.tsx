import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { changePercent } from '../figures/format.ts';

interface Props {
  /** What its sign and colour are taken from; null: not known. */
  value: number | null;
  /** In words; default: the value as a change in percent. */
  text?: string;
  increaseIs?: 'good' | 'bad' | 'neutral';
}

/** A change in a line of text: arrow, sign and colour say the same. */
export function Change({ value, text, increaseIs = 'bad' }: Props) {
  const styles = useStyles2(getStyles);
  const tone =
    value === null || value === 0 || increaseIs === 'neutral'
      ? 'neutral'
      : value > 0 === (increaseIs === 'good')
        ? 'good'
        : 'bad';
  return (
    <span className={styles[tone]}>
      {value !== null && value !== 0 && (
        <Icon name={value > 0 ? 'arrow-up' : 'arrow-down'} size="sm" aria-hidden />
      )}
      {text ?? changePercent(value)}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const line = { whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' } as const;
  return {
    good: css({ ...line, color: theme.colors.success.text }),
    bad: css({ ...line, color: theme.colors.error.text }),
    neutral: css({ ...line, color: theme.colors.text.secondary }),
  };
};
