import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Field, Input, useStyles2 } from '@grafana/ui';
import { useId, type ReactNode } from 'react';
import { useHost } from '../host/host.ts';
import { READ_ONLY } from '../host/read-only.ts';

/** Fields that belong together, with their name above. */
export function FormGroup({
  legend,
  note,
  children,
}: {
  legend: string;
  /** What is to be known of them. */
  note?: ReactNode;
  children: ReactNode;
}) {
  const styles = useStyles2(getStyles);
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{legend}</legend>
      {note !== undefined && <p className={styles.note}>{note}</p>}
      {children}
    </fieldset>
  );
}

/** Inputs beside each other that are one thing, e.g. an item of a list. */
export function FormLine({ label, children }: { label?: string; children: ReactNode }) {
  return (
    <div
      className={useStyles2(getStyles).line}
      {...(label === undefined ? {} : { role: 'group', 'aria-label': label })}
    >
      {children}
    </div>
  );
}

/** Fields beside each other, on as many rows as they need. */
export function FormRow({ children }: { children: ReactNode }) {
  return <div className={useStyles2(getStyles).row}>{children}</div>;
}

/** What something is called. */
export function NameField({
  value,
  problem,
  required = false,
  onChange,
}: {
  value: string;
  problem: string | undefined;
  required?: boolean;
  onChange: (name: string) => void;
}) {
  const id = useId();
  return (
    <Field label="Name" htmlFor={id} required={required} invalid={problem !== undefined} error={problem}>
      <Input
        id={id}
        maxLength={200}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </Field>
  );
}

/** Sends a form of something that only those may change who may change things, or leaves it. */
export function FormButtons({
  submit,
  isBusy,
  onCancel,
}: {
  submit: string;
  isBusy: boolean;
  onCancel: () => void;
}) {
  const { user } = useHost();
  return (
    <FormLine>
      <Button
        type="submit"
        disabled={!user.mayChange || isBusy}
        tooltip={user.mayChange ? undefined : READ_ONLY}
      >
        {submit}
      </Button>
      <Button type="button" variant="secondary" onClick={onCancel}>
        Cancel
      </Button>
    </FormLine>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  group: css({ border: 0, padding: 0, margin: theme.spacing(0, 0, 2) }),
  legend: css({
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    marginBottom: theme.spacing(0.5),
  }),
  note: css({ color: theme.colors.text.secondary, margin: theme.spacing(0, 0, 1) }),
  line: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    marginBottom: theme.spacing(1),
  }),
  row: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0, 3) }),
});
