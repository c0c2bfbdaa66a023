-- Where alerts are told: channels, routes to them, and what was sent. Alerts come from alert_outbox (0015), which the router reads and marks.

CREATE TABLE notification_channels (
  channel_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id   text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  type        text NOT NULL CHECK (type IN ('slack', 'email', 'webhook')),
  settings    jsonb NOT NULL DEFAULT '{}',              -- what may be shown
  enabled     boolean NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL DEFAULT now(),
  created_by  text NOT NULL,
  updated_at  timestamptz NOT NULL DEFAULT now(),
  updated_by  text NOT NULL,
  UNIQUE (tenant_id, name),
  UNIQUE (tenant_id, channel_id)
);

-- Addresses that are secrets, and signing secrets: apart, so that nothing that lists channels can show them by accident.
CREATE TABLE notification_channel_secrets (
  channel_id   bigint PRIMARY KEY,
  tenant_id    text NOT NULL,
  is_encrypted boolean NOT NULL,                        -- by SECRETS_KEY
  secrets      bytea NOT NULL,
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels (tenant_id, channel_id) ON DELETE CASCADE
);

-- How a channel's receiver does. Not in the channel's row, which only people change.
CREATE TABLE notification_channel_health (
  channel_id           bigint PRIMARY KEY,
  tenant_id            text NOT NULL,
  consecutive_failures integer NOT NULL DEFAULT 0,
  paused_until         timestamptz,                     -- nothing is sent before it: the circuit is open, or the receiver asked for it
  last_delivered_at    timestamptz,
  last_failed_at       timestamptz,
  last_error           text,
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels (tenant_id, channel_id) ON DELETE CASCADE
);

CREATE TABLE notification_routes (
  route_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id          text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  position           integer NOT NULL CHECK (position BETWEEN 0 AND 10000),     -- the lowest is asked first
  enabled            boolean NOT NULL DEFAULT true,
  severities         text[] NOT NULL DEFAULT '{}' CHECK (severities <@ ARRAY['low', 'medium', 'high', 'critical']),   -- empty: all
  alert_types        text[] NOT NULL DEFAULT '{}',                              -- empty: all
  rule_ids           bigint[] NOT NULL DEFAULT '{}',                            -- empty: all
  filters            jsonb NOT NULL DEFAULT '{}',                               -- of the alert's member, as in the registry of filters
  group_by           text[] NOT NULL DEFAULT '{}' CHECK (group_by <@ ARRAY['rule', 'severity', 'alert_type', 'member']),
  group_wait_seconds integer NOT NULL DEFAULT 5 CHECK (group_wait_seconds BETWEEN 0 AND 900),
  send_reminders     boolean NOT NULL DEFAULT true,
  send_resolved      boolean NOT NULL DEFAULT true,
  continue_matching  boolean NOT NULL DEFAULT false,
  created_at         timestamptz NOT NULL DEFAULT now(),
  created_by         text NOT NULL,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  updated_by         text NOT NULL,
  UNIQUE (tenant_id, name),
  UNIQUE (tenant_id, route_id)
);
CREATE INDEX notification_routes_in_order ON notification_routes (tenant_id, position, route_id);

-- A channel that a route sends to cannot be deleted: the route would send nowhere.
CREATE TABLE notification_route_channels (
  route_id   bigint NOT NULL,
  channel_id bigint NOT NULL,
  tenant_id  text NOT NULL,
  PRIMARY KEY (route_id, channel_id),
  FOREIGN KEY (tenant_id, route_id) REFERENCES notification_routes (tenant_id, route_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels (tenant_id, channel_id)
);
CREATE INDEX notification_route_channels_by_channel ON notification_route_channels (tenant_id, channel_id);

-- One message to one channel.
CREATE TABLE notification_deliveries (
  delivery_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id        text NOT NULL,
  channel_id       bigint NOT NULL,
  route_id         bigint,                              -- NULL: by the default, or the route is gone
  group_key        text NOT NULL,
  idempotency_key  text NOT NULL UNIQUE,                -- the same at every try
  status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sending', 'delivered', 'failed', 'dead')),
  attempts         integer NOT NULL DEFAULT 0,
  attempt_log      jsonb NOT NULL DEFAULT '[]',         -- the newest last, bounded
  next_attempt_at  timestamptz,                         -- NULL: none
  give_up_at       timestamptz NOT NULL,
  claimed_by       uuid,
  lease_until      timestamptz,                         -- a claim that is not settled by then is taken over
  last_error       text,
  response_status  integer,
  created_at       timestamptz NOT NULL,
  last_attempt_at  timestamptz,
  delivered_at     timestamptz,
  FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels (tenant_id, channel_id) ON DELETE CASCADE
);
CREATE INDEX notification_deliveries_due ON notification_deliveries (next_attempt_at) WHERE status IN ('pending', 'failed');
CREATE INDEX notification_deliveries_claimed ON notification_deliveries (lease_until) WHERE status = 'sending';
CREATE INDEX notification_deliveries_newest ON notification_deliveries (tenant_id, delivery_id DESC);
CREATE INDEX notification_deliveries_by_channel ON notification_deliveries (channel_id, delivery_id DESC);
CREATE INDEX notification_deliveries_old ON notification_deliveries (created_at);

-- What a message tells. A change of an alert goes to a channel once, whatever routes lead there.
CREATE TABLE notification_delivery_alerts (
  channel_id  bigint NOT NULL,
  outbox_id   bigint NOT NULL,
  delivery_id bigint NOT NULL REFERENCES notification_deliveries ON DELETE CASCADE,
  tenant_id   text NOT NULL,
  alert_id    bigint NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('firing', 'renotify', 'resolved')),
  payload     jsonb NOT NULL,                           -- as it was in the outbox, so that every try says the same
  PRIMARY KEY (channel_id, outbox_id)
);
CREATE INDEX notification_delivery_alerts_by_delivery ON notification_delivery_alerts (delivery_id);
CREATE INDEX notification_delivery_alerts_by_alert ON notification_delivery_alerts (tenant_id, alert_id, channel_id);

-- What went to nobody, and why: silence that can be seen.
CREATE TABLE notification_unrouted (
  outbox_id bigint PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  alert_id  bigint NOT NULL,
  reason    text NOT NULL CHECK (reason IN ('no_channel', 'no_route', 'below_default_severity', 'channels_disabled')),
  noted_at  timestamptz NOT NULL
);
CREATE INDEX notification_unrouted_newest ON notification_unrouted (tenant_id, noted_at DESC);
CREATE INDEX notification_unrouted_old ON notification_unrouted (noted_at);
