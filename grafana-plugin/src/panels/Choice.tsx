import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, RadioButtonGroup, useStyles2 } from '@grafana/ui';
import { useId } from 'react';

interface Option<Value extends string> {
  value: Value;
  label: string;
}

interface Props<Value extends string> {
  label: string;
  value: Value;
  options: Option<Value>[];
  onChange: (value: Value) => void;
}

/** A list to choose one of, with its label above. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
  width = 24,
  onOther,
}: Props<Value> & {
  /** In steps of eight pixels. */
  width?: number;
  /** When given, any text may be typed; this takes what is not among the options. */
  onOther?: (text: string) => void;
}) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <div className={styles.choice}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <Combobox
        id={id}
        width={width}
        options={options}
        value={value}
        createCustomValue={onOther !== undefined}
        onChange={({ value: chosen }) => {
          const known = options.find((option) => option.value === chosen);
          if (known) onChange(known.value);
          else onOther?.(chosen);
        }}
      />
    </div>
  );
}

/** The same for few choices: all of them in sight. */
export function ShortChoice<Value extends string>({ label, value, options, onChange }: Props<Value>) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.choice}>
      <span className={styles.label} aria-hidden>
        {label}
      </span>
      <div className={styles.few}>
        <RadioButtonGroup aria-label={label} value={value} options={options} onChange={onChange} />
      </div>
    </div>
  );
}

/** Choices beside each other, on as many lines as they need. */
export function Choices({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className={useStyles2(getStyles).row} role="group" aria-label={label}>
      {children}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-end',
    gap: theme.spacing(1.5),
    marginBottom: theme.spacing(2),
    '@media print': { display: 'none' },
  }),
  choice: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(0.5), maxWidth: '100%' }),
  few: css({ maxWidth: '100%', overflowX: 'auto' }),
  label: css({
    margin: 0,
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
  }),
});
