import { Alert, Button } from '@grafana/ui';
import { Component, type ReactNode } from 'react';

/** Keeps navigation alive when a page breaks, and says what broke. */
export class PageBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Alert severity="error" title="This page broke">
        <p>{error.message}</p>
        <Button variant="secondary" size="sm" onClick={() => this.setState({ error: null })}>
          Show it again
        </Button>
      </Alert>
    );
  }
}
