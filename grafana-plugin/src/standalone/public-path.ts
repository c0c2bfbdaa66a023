/** @grafana/ui asks for its icons and fonts below this address, when they are drawn. */
(globalThis as { __grafana_public_path__?: string }).__grafana_public_path__ = '/analytics/assets/';
