// Made from the API's description by tests/browser/generate.mjs.

export interface paths {
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish an event
         * @description Once this answers 202 the event is on disk and will be delivered to every webhook that subscribes to it.
         */
        post: operations["publish_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish events
         * @description Up to 1,000 events of one workspace, all or none: when one is refused, nothing is published. One
         *     idempotency key covers them all.
         */
        post: operations["publish_events"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health
         * @description The same as readiness. Needs no key.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Liveness
         * @description Whether the process answers at all, whatever the database does: one that does not is to be started again. Needs no
         *     key.
         */
        get: operations["liveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readiness
         * @description Whether the server can do its work now: one that can't gets better without being started again. Needs no key.
         */
        get: operations["readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description A member's key makes and changes no admin's, and nobody's a publisher's, which is the operator's (403).
         */
        get: operations["list_keys"];
        /** Rename an API key */
        put: operations["rename_key"];
        /**
         * Create an API key
         * @description The key is in this answer only. Publishes `apikey.created`.
         */
        post: operations["create_key"];
        /**
         * Revoke an API key
         * @description The key opens nothing any more; it stays listed, unless `permanent` is `true`. Publishes `apikey.revoked` when
         *     the key was active.
         */
        delete: operations["revoke_key"];
        options?: never;
        head?: never;
        /** Enable or disable an API key */
        patch: operations["switch_key"];
        trace?: never;
    };
    "/api/keys/limit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Limit an API key */
        post: operations["limit_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["who_is_signed_in"];
        put?: never;
        /**
         * Sign in
         * @description Exchanges a key for a session in a cookie (`HttpOnly`, `SameSite=Strict`, `Secure` over TLS),
         *     which every route of management takes in place of the key. What changes something needs the header
         *     `X-Encrata-Page: 1` then. A session that the browser had before ends. After 10 failures a minute an address has to wait.
         */
        post: operations["sign_in"];
        /**
         * Sign out
         * @description Ends the session at the server and takes the cookie away. There may be none.
         */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description All webhooks of the workspace, oldest first; with `id`, one of them.
         */
        get: operations["list_webhooks"];
        /**
         * Change a webhook
         * @description A merge: what is absent or null stays as it is.
         */
        put: operations["change_webhook"];
        /**
         * Create a webhook
         * @description Makes a webhook and its signing secret. The secret is in this answer only.
         */
        post: operations["create_webhook"];
        /**
         * Delete a webhook
         * @description Removes the webhook and its deliveries. The id may stand in the body or in the query.
         */
        delete: operations["delete_webhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a URL
         * @description The check that creating a webhook makes, without making one. Nothing is connected to or looked up.
         */
        post: operations["check_url"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List deliveries
         * @description A webhook's deliveries, newest first; with `id`, one of them. When there are more, the `Link` header names the next
         *     page with `rel="next"`. A page holds 8 MiB of bodies at most, so it may be shorter than asked for.
         */
        get: operations["list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/deliveries/listen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listen
         * @description Server-sent events for `encrata-webhooks listen`: every delivery of the workspace, whatever becomes of it at its receiver,
         *     as the request that is sent. First `event: listening` with `{"workspace", "webhooks", "since"}` (its name, how many
         *     webhooks it has, and from when on it tells), then for each `event: delivery` with `{"id", "webhook_id", "event_id",
         *     "event", "request": {"url", "headers", "body"}}`, oldest first, signed with the webhook's secret as of now.
         *     `Last-Event-ID` goes on behind a delivery, with what came 30 s before it again: an id is older than the moment at which
         *     its delivery is there, so know them by their ids.
         *     For admins and members. A key has 8 streams at most, a workspace 64, a node 256.
         */
        get: operations["listen"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/deliveries/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resend deliveries
         * @description Queues one delivery (`id`), all of a webhook that failed for good (`webhook_id` and `since`), or all that it missed
         *     (`missed: true` beside these). Events carry the same `webhook-id` as before, and their retry schedule starts again.
         */
        post: operations["resend_deliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/deliveries/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch deliveries
         * @description Server-sent events, for `EventSource`. The webhook's newest 50 deliveries are watched, with a filter those among its
         *     newest 1,000. All of them come at the beginning, and once a second what is new or has changed, oldest first:
         *     `event: delivery` with the delivery as in the list, or `event: gone` with `{"id"}` for one that does not fit the
         *     filter any more. What is more than that within a second is only in the list. The stream ends with the session or key
         *     and when the server stops. It counts as one request. A key has 8 streams at most, a workspace 64, a node 256.
         */
        get: operations["watch_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List notices
         * @description Which webhooks of the workspace the server switched off, and which of those work again: newest first, 50 at most, for as
         *     long as history is kept.
         */
        get: operations["list_notices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * See all webhooks at a glance
         * @description How the last 24 hours went at each webhook of the workspace, oldest webhook first. Counts are as old as those of
         *     stats.
         */
        get: operations["overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate the signing secret
         * @description Makes a new secret and starts an overlap. Until it ends, `webhook-signature` carries a signature of each
         *     secret, and `X-Encrata-Signature`, which has room for one, that of the old. Deploy the new secret, then end
         *     the overlap with `{"id", "finish": true}`, or let it run out.
         */
        post: operations["rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count attempts over time
         * @description What came of attempts, by the minute, hour or day, with how long receivers took to answer. Test sends do not count.
         *     Other nodes' counts are up to five seconds old; a node that crashes loses so much.
         */
        get: operations["stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test event
         * @description Makes one attempt at once, without retries, and answers 200 also when the receiver fails. The attempt is kept
         *     among the webhook's deliveries. A workspace has 4 under way at most, a node 64: one more is answered 429.
         */
        post: operations["send_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    "apikey.created": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * apikey.created
         * @description Sent when an API key was created in the workspace.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ApiKeyCreatedEvent"];
                };
            };
            responses: {
                /** @description The receiver has it. Anything else is tried again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "apikey.revoked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * apikey.revoked
         * @description Sent when an active API key was revoked or deleted.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ApiKeyRevokedEvent"];
                };
            };
            responses: {
                /** @description The receiver has it. Anything else is tried again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "credits.exhausted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * credits.exhausted
         * @description Sent when the workspace has no credits left.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreditsExhaustedEvent"];
                };
            };
            responses: {
                /** @description The receiver has it. Anything else is tried again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "credits.low": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * credits.low
         * @description Sent when the workspace's remaining credits fall to its threshold.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreditsLowEvent"];
                };
            };
            responses: {
                /** @description The receiver has it. Anything else is tried again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "lookup.completed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * lookup.completed
         * @description Sent when an email look-up has finished.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LookupCompletedEvent"];
                };
            };
            responses: {
                /** @description The receiver has it. Anything else is tried again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "monitor.run.completed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * monitor.run.completed
         * @description Sent when a run of a monitor has finished.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MonitorRunCompletedEvent"];
                };
            };
            responses: {
                /** @description The receiver has it. Anything else is tried again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    test: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * test
         * @description Sent on demand, to try a webhook.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TestEvent"];
                };
            };
            responses: {
                /** @description The receiver has it. Anything else is tried again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        /** @description The answer for one accepted event. */
        Accepted: {
            /**
             * Format: int32
             * @description How many webhooks it is delivered to.
             */
            deliveries: number;
            /**
             * @description The event's id, which receivers see as `webhook-id`.
             * @example evt_0198c0ffee007000800000000000002a
             */
            id: string;
        };
        /**
         * @description The data of `apikey.created`: an API key was created. The key itself is never in it.
         * @example {
         *       "key_id": "key_2b8n5r7z",
         *       "key_preview": "...a1b2",
         *       "name": "Production"
         *     }
         */
        ApiKeyCreated: {
            /** @description The id of the key. */
            key_id: string;
            /** @description The end of the key, to recognise it by: `...` and its last four characters. */
            key_preview: string;
            /** @description The name that the key was given. */
            name: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Sent when an API key was created in the workspace.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "key_id": "key_2b8n5r7z",
         *         "key_preview": "...a1b2",
         *         "name": "Production"
         *       },
         *       "event": "apikey.created"
         *     }
         */
        ApiKeyCreatedEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            data: components["schemas"]["ApiKeyCreated"];
            /**
             * @description The event's name.
             * @constant
             */
            event: "apikey.created";
        } & {
            [key: string]: unknown;
        };
        /**
         * @description The data of `apikey.revoked`: an active API key was revoked or deleted. The key itself is never in it.
         * @example {
         *       "key_id": "key_2b8n5r7z",
         *       "key_preview": "...a1b2",
         *       "name": "Production"
         *     }
         */
        ApiKeyRevoked: {
            /** @description The id of the key. */
            key_id: string;
            /** @description The end of the key, to recognise it by: `...` and its last four characters. */
            key_preview: string;
            /** @description The name that the key was given. */
            name: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Sent when an active API key was revoked or deleted.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "key_id": "key_2b8n5r7z",
         *         "key_preview": "...a1b2",
         *         "name": "Production"
         *       },
         *       "event": "apikey.revoked"
         *     }
         */
        ApiKeyRevokedEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            data: components["schemas"]["ApiKeyRevoked"];
            /**
             * @description The event's name.
             * @constant
             */
            event: "apikey.revoked";
        } & {
            [key: string]: unknown;
        };
        /**
         * Attempt
         * @description One attempt.
         */
        AttemptView: {
            /**
             * Format: int64
             * @description How long it took, in milliseconds.
             */
            duration_ms: number;
            /** @description Why it failed. */
            error?: string | null;
            /** @description The beginning of the answer. */
            response_body?: string | null;
            /**
             * Format: int32
             * @description The status code, if an answer came.
             */
            response_status?: number | null;
            /**
             * Format: date-time
             * @description When it began.
             */
            started_at: string;
        };
        /** @description Counts of one step. An attempt counts when it ends. */
        Bucket: {
            /**
             * Format: int64
             * @description Attempts that the receiver answered with 2xx.
             */
            delivered: number;
            /**
             * Format: int64
             * @description Attempts that ended their delivery as failed.
             */
            failed: number;
            /**
             * Format: int64
             * @description Half of the receivers' answers, whatever they said, came within so many milliseconds; null when none came. Read
             *     from sixteen classes: off by a factor of 1.8, or 2 ms, at most.
             */
            p50_ms?: number | null;
            /**
             * Format: int64
             * @description And 95 of 100 within so many.
             */
            p95_ms?: number | null;
            /**
             * Format: int64
             * @description Attempts that failed, and that another follows.
             */
            retried: number;
            /**
             * Format: date-time
             * @description When it begins.
             */
            start: string;
        };
        /** @description What there is to say of a URL. */
        Checked: {
            /** @description Why a webhook can't have it. Absent when it is ok. */
            error?: string | null;
            /** @description Whether a webhook may have it. */
            ok: boolean;
            /** @description As it will be requested: host in lower case, what must be encoded encoded. Absent when it is not ok. */
            url?: string | null;
        };
        /** @description A key that was made. */
        CreatedKey: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: uuid
             * @description The key's id.
             */
            id: string;
            /** @description The key. In this answer only: keep it, it is never shown again. */
            key: string;
            /** @description `...` and its last four characters. */
            key_preview: string;
            /** @description What people call it. */
            name: string;
            /** @description What it may do. */
            role: string;
        };
        /**
         * @description The data of `credits.exhausted`: the workspace has no credits left.
         * @example {
         *       "credits_remaining": 0
         *     }
         */
        CreditsExhausted: {
            /**
             * Format: int64
             * @description How many credits remain: 0.
             */
            credits_remaining: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Sent when the workspace has no credits left.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "credits_remaining": 0
         *       },
         *       "event": "credits.exhausted"
         *     }
         */
        CreditsExhaustedEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            data: components["schemas"]["CreditsExhausted"];
            /**
             * @description The event's name.
             * @constant
             */
            event: "credits.exhausted";
        } & {
            [key: string]: unknown;
        };
        /**
         * @description The data of `credits.low`: the workspace's remaining credits fell to its threshold.
         * @example {
         *       "credits_remaining": 95,
         *       "threshold": 100
         *     }
         */
        CreditsLow: {
            /**
             * Format: int64
             * @description How many credits remain.
             */
            credits_remaining: number;
            /**
             * Format: int64
             * @description The threshold that was reached, in credits.
             */
            threshold: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Sent when the workspace's remaining credits fall to its threshold.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "credits_remaining": 95,
         *         "threshold": 100
         *       },
         *       "event": "credits.low"
         *     }
         */
        CreditsLowEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            data: components["schemas"]["CreditsLow"];
            /**
             * @description The event's name.
             * @constant
             */
            event: "credits.low";
        } & {
            [key: string]: unknown;
        };
        /**
         * Delivery
         * @description One event on its way to one webhook.
         */
        DeliveryView: {
            /** @description Every attempt, oldest first. */
            attempt_log: components["schemas"]["AttemptView"][];
            /** @description How many attempts were made. */
            attempts: number;
            /**
             * Format: date-time
             * @description When the event was accepted.
             */
            created_at: string;
            /** @description Why the last attempt failed. */
            error?: string | null;
            /** @description Which event it carries: the receiver's `webhook-id`. */
            event_id: string;
            /** @description The event's type. */
            event_type: string;
            /**
             * Format: uuid
             * @description The delivery's id.
             */
            id: string;
            /**
             * Format: date-time
             * @description When the last attempt began.
             */
            last_attempt_at?: string | null;
            /**
             * Format: date-time
             * @description When the next attempt is due; absent when there will be none, or while one is being made.
             */
            next_attempt_at?: string | null;
            payload: components["schemas"]["WebhookEvent"];
            request?: components["schemas"]["SentRequest"] | null;
            /** @description The beginning of the last answer. */
            response_body?: string | null;
            /**
             * Format: int32
             * @description The status code of the last answer; absent before the first attempt and when none came.
             */
            response_status?: number | null;
            /** @description `pending`, `success` or `failed`. */
            status: string;
            /**
             * Format: uuid
             * @description Where it goes.
             */
            webhook_id: string;
        };
        /** @description What was done. */
        Done: {
            /** @description What was done. */
            status: string;
        };
        /** @description The body of every error answer. */
        ErrorBody: {
            /**
             * Format: int32
             * @description The status again; under `/api/agent` only.
             */
            c?: number | null;
            /** @description What is wrong, and what to do. */
            error: string;
            /** @description The text again; under `/api/agent` only. */
            m?: string | null;
        };
        /** @description An event to be published. */
        EventInput: {
            /**
             * Format: date-time
             * @description When it happened (RFC 3339); now, when absent. Sent as UTC in whole seconds.
             */
            created_at?: string | null;
            /**
             * @description What happened, with the fields of that type. More fields are passed on as they are. Integers of up to
             *     64 bits are kept exactly; other numbers are IEEE 754 doubles (RFC 8259 section 6), so send longer ones as text.
             * @example {
             *       "email": "ada@example.com",
             *       "lookup_id": "lu_42"
             *     }
             */
            data: {
                [key: string]: unknown;
            };
            /**
             * @description The event's type.
             * @example lookup.completed
             * @enum {string}
             */
            event: "lookup.completed" | "monitor.run.completed" | "apikey.created" | "apikey.revoked" | "credits.low" | "credits.exhausted";
            /** @description Whose event it is; the key's own workspace when absent. */
            workspace_id?: string | null;
        };
        /**
         * Overview
         * @description A webhook at a glance.
         */
        Glance: {
            /**
             * Format: int64
             * @description Attempts that it answered with 2xx, of the current hour and the 23 before it.
             */
            delivered_24h: number;
            /**
             * Format: int64
             * @description Attempts of that time that ended their delivery as failed.
             */
            failed_24h: number;
            /** @description Those hours, oldest first: 24. */
            hourly: components["schemas"]["Hour"][];
            /**
             * Format: date-time
             * @description When the last attempt ended; null when none is known.
             */
            last_delivery_at?: string | null;
            /** @description What became of its delivery by that attempt: `success`, `failed`, or `pending` when another follows. */
            last_status?: string | null;
            /**
             * Format: int64
             * @description Attempts of that time that failed, and that another follows.
             */
            retried_24h: number;
            /**
             * Format: double
             * @description Which part of all these attempts was delivered, from 0 to 1; null when there was none.
             */
            success_rate?: number | null;
            /**
             * Format: int64
             * @description How many deliveries wait to be sent, up to 1,000: then there may be more.
             */
            waiting: number;
            /**
             * Format: uuid
             * @description Which webhook.
             */
            webhook_id: string;
        };
        /** @description The server works. */
        Health: {
            /** @description `ok`. */
            status: string;
        };
        /** @description What came of an hour. */
        Hour: {
            /**
             * Format: int64
             * @description Attempts that were answered 2xx.
             */
            delivered: number;
            /**
             * Format: int64
             * @description Attempts that failed, whatever followed.
             */
            failed: number;
        };
        /** @description All keys. */
        Keys: {
            /** @description The workspace's keys, oldest first. */
            keys: components["schemas"]["KeyView"][];
        };
        /**
         * ApiKey
         * @description An API key. The key itself is never shown again after it was made.
         */
        KeyView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: int64
             * @description How many credits it may use; null means no limit of its own.
             */
            credit_limit?: number | null;
            /**
             * Format: int64
             * @description How many credits it used.
             */
            credits_used: number;
            /** @description Whether an admin switched it off. */
            disabled_by_admin: boolean;
            /**
             * Format: uuid
             * @description The key's id.
             */
            id: string;
            /** @description Whether it opens anything. */
            is_active: boolean;
            /** @description How it begins. */
            key_prefix: string;
            /** @description `...` and its last four characters. */
            key_preview: string;
            /**
             * Format: date-time
             * @description When it was last used.
             */
            last_used?: string | null;
            /** @description What people call it. */
            name: string;
            /** @description What it may do. */
            role: string;
            /**
             * Format: int64
             * @description How many requests were made with it.
             */
            total_requests: number;
        };
        /** @description A key's credit limit. */
        Limit: {
            /**
             * Format: int64
             * @description How many credits it may use; null lifts the limit.
             */
            credit_limit: number | null;
            /** @description Which key. */
            id: string;
        };
        /**
         * @description The data of `lookup.completed`: an email look-up has finished.
         * @example {
         *       "email": "ada@example.com",
         *       "lookup_id": "lu_7f3kq9x2m4"
         *     }
         */
        LookupCompleted: {
            /** @description The email address that was looked up. */
            email: string;
            /** @description The id of the look-up, `lu_` and more. */
            lookup_id: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Sent when an email look-up has finished.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "email": "ada@example.com",
         *         "lookup_id": "lu_7f3kq9x2m4"
         *       },
         *       "event": "lookup.completed"
         *     }
         */
        LookupCompletedEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            data: components["schemas"]["LookupCompleted"];
            /**
             * @description The event's name.
             * @constant
             */
            event: "lookup.completed";
        } & {
            [key: string]: unknown;
        };
        /** @description The caller's key and workspace. */
        Me: {
            /**
             * Format: int64
             * @description The account's credits.
             */
            credits_remaining: number;
            /** @description The account's address; empty when the operator has not set it. */
            email: string;
            /** @description The key's name. */
            name: string;
            /** @description The account's plan; empty when the operator has not set it. */
            plan: string;
            /** @description What the key may do. */
            role: string;
            /** @description The workspace. */
            workspace: components["schemas"]["WorkspaceName"];
        };
        /** @description What was done. */
        Message: {
            /** @description What was done. */
            message: string;
        };
        /**
         * @description The data of `monitor.run.completed`: a run of a monitor has finished.
         * @example {
         *       "changes_detected": 4,
         *       "credits_used": 250,
         *       "monitor_id": "mon_5h2c8v1t",
         *       "monitor_name": "Key accounts",
         *       "run_id": "run_9d4j6w3p",
         *       "total_records": 250
         *     }
         */
        MonitorRunCompleted: {
            /**
             * Format: uint64
             * @description In how many of them something had changed.
             */
            changes_detected: number;
            /**
             * Format: uint64
             * @description How many credits the run used.
             */
            credits_used: number;
            /** @description The id of the monitor. */
            monitor_id: string;
            /** @description The name that the monitor was given. */
            monitor_name: string;
            /** @description The id of this run. */
            run_id: string;
            /**
             * Format: uint64
             * @description How many records the run looked at.
             */
            total_records: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Sent when a run of a monitor has finished.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "changes_detected": 4,
         *         "credits_used": 250,
         *         "monitor_id": "mon_5h2c8v1t",
         *         "monitor_name": "Key accounts",
         *         "run_id": "run_9d4j6w3p",
         *         "total_records": 250
         *       },
         *       "event": "monitor.run.completed"
         *     }
         */
        MonitorRunCompletedEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            data: components["schemas"]["MonitorRunCompleted"];
            /**
             * @description The event's name.
             * @constant
             */
            event: "monitor.run.completed";
        } & {
            [key: string]: unknown;
        };
        /** @description A key to be made. */
        NewKeyInput: {
            /**
             * @description What to call it.
             * @example Production
             */
            name: string;
            /** @description `admin`, `member` or `readonly`; `member` when absent. */
            role?: string | null;
        };
        /** @description A webhook to be made. */
        NewWebhook: {
            /** @description What it is for. */
            description?: string | null;
            /**
             * @description The event types to deliver, one at least.
             * @example [
             *       "lookup.completed"
             *     ]
             */
            events: ("lookup.completed" | "monitor.run.completed" | "apikey.created" | "apikey.revoked" | "credits.low" | "credits.exhausted")[];
            /**
             * Format: int32
             * @description How many deliveries a second it takes, on all nodes together; absent, null or 0 means no limit.
             */
            rate_limit?: number | null;
            /**
             * Format: uri
             * @description Where to deliver: an absolute `https` URL.
             * @example https://example.com/webhooks
             */
            url: string;
        };
        /**
         * Notice
         * @description What happened to a webhook.
         */
        NoticeView: {
            /**
             * Format: date-time
             * @description When.
             */
            created_at: string;
            /** @description `webhook.disabled`: the server switched it off; `webhook.recovered`: it is on again, and something succeeded. */
            event: string;
            /**
             * Format: uuid
             * @description The notice's id: the `webhook-id` of what the operator is sent.
             */
            id: string;
            /** @description Why; absent when there is no more to say. */
            reason?: string | null;
            /** @description Where its deliveries go now. */
            url: string;
            /**
             * Format: uuid
             * @description Which webhook.
             */
            webhook_id: string;
        };
        /** @description A new name for a key. */
        Rename: {
            /** @description Which key. */
            id: string;
            /** @description What to call it. */
            name: string;
        };
        /** @description How many deliveries were queued. */
        Resent: {
            /**
             * Format: int64
             * @description How many deliveries are on their way again.
             */
            deliveries: number;
            /** @description `queued`. */
            status: string;
        };
        /** @description What to send again: one delivery, or all of a webhook that failed. */
        RetryInput: {
            /** @description One delivery, whatever came of it. */
            id?: string | null;
            /**
             * @description Instead of what failed, what was never sent: events that came while the webhook was paused, switched off or did
             *     not subscribe to them.
             */
            missed?: boolean | null;
            /**
             * Format: date-time
             * @description … whose event was accepted at this time (RFC 3339) or later.
             */
            since?: string | null;
            /** @description All failed deliveries of this webhook … */
            webhook_id?: string | null;
        };
        /** @description What became of a rotation. */
        Rotated: {
            /**
             * Format: date-time
             * @description Until when the old secret is in force too.
             */
            overlap_until?: string | null;
            /** @description The new secret. In this answer only: keep it, it is never shown again. */
            secret?: string | null;
            /** @description `rotated` or `finished`. */
            status: string;
        };
        /** @description Start a rotation, or end one. */
        Rotation: {
            /** @description `true` ends the overlap: the new secret is deployed. */
            finish?: boolean | null;
            /** @description Which webhook. */
            id: string;
            /**
             * Format: int64
             * @description How long both secrets are in force, in seconds: 86,400 when absent, 604,800 at most. 0 switches at
             *     once, for a leaked secret.
             */
            overlap_seconds?: number | null;
        };
        /**
         * SentRequest
         * @description A request to a receiver: a `POST`.
         */
        SentRequest: {
            /** @description The exact body. */
            body: string;
            /**
             * @description Name and value of each header, in the order in which they are sent. Signatures are made with the secret in force
             *     now, over the body and the time of the attempt: after a rotation they are not the ones that were sent. A reader's
             *     key gets none: with them it could send the event to the receiver itself.
             * @example [
             *       [
             *         "content-type",
             *         "application/json"
             *       ]
             *     ]
             */
            headers: string[][];
            /** @description Where to: the webhook's URL at present. */
            url: string;
        };
        /**
         * Session
         * @description Who is signed in.
         */
        SessionView: {
            /**
             * Format: date-time
             * @description When the session ends, however busy it is. It ends sooner after two hours without a request, and with its key.
             */
            expires_at: string;
            /** @description The key's name. */
            name: string;
            /** @description What the key may do: `admin`, `member` or `readonly`. */
            role: string;
            /** @description The workspace's name. */
            workspace: string;
        };
        /** @description The key to sign in with. */
        SignIn: {
            /**
             * Format: password
             * @description An admin's, a member's or a reader's key.
             * @example enc_live_…
             */
            key: string;
        };
        /**
         * Stats
         * @description Counts over time.
         */
        StatsView: {
            /** @description All buckets of the time, also those in which nothing happened, oldest first. */
            buckets: components["schemas"]["Bucket"][];
            /**
             * Format: date-time
             * @description Where the first bucket begins.
             */
            since: string;
            /**
             * Format: int64
             * @description How long a bucket lasts, in seconds.
             */
            step_seconds: number;
            /**
             * Format: date-time
             * @description Where the last one ends.
             */
            until: string;
        };
        /**
         * StreamEvent
         * @description An event of a stream, as `EventSource` reads it (the HTML standard, section 9.2).
         */
        StreamEvent: {
            /** @description JSON. */
            data?: string | null;
            /** @description What it is. */
            event?: string | null;
            /** @description Where to go on after a break. */
            id?: string | null;
            /**
             * Format: int64
             * @description How long to wait before asking again, in milliseconds.
             */
            retry?: number | null;
        };
        /**
         * @description The data of `test`, which is sent on demand.
         * @example {
         *       "message": "This is a test webhook from Encrata"
         *     }
         */
        Test: {
            /** @description A text for people. */
            message: string;
        } & {
            [key: string]: unknown;
        };
        /** @description What came of a test send. */
        Tested: {
            /** @description The delivery under which it was kept. */
            delivery_id: string;
            /**
             * Format: int64
             * @description How long it took, in milliseconds.
             */
            duration_ms: number;
            /** @description Why no answer came. */
            error?: string | null;
            /** @description The very request. */
            request: components["schemas"]["SentRequest"];
            /** @description The beginning of the receiver's answer, if one came. */
            response_body?: string | null;
            /** @description The value of `X-Encrata-Signature`. */
            signature: string;
            /** @description `delivered` when the receiver answered 2xx, else `failed`. */
            status: string;
            /**
             * Format: int32
             * @description The receiver's status code, if an answer came.
             */
            status_code?: number | null;
            /** @description Where it was sent. */
            url: string;
        };
        /**
         * @description Sent on demand, to try a webhook.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "message": "This is a test webhook from Encrata"
         *       },
         *       "event": "test"
         *     }
         */
        TestEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            data: components["schemas"]["Test"];
            /**
             * @description The event's name.
             * @constant
             */
            event: "test";
        } & {
            [key: string]: unknown;
        };
        /** @description Which webhook to test, and with what. */
        TestInput: {
            /** @description The type of the sample to send, which then has `test: true` in its data; the `test` event when absent. */
            event?: string | null;
            /** @description Which webhook. */
            id: string;
        };
        /**
         * @description An event that this version does not know yet. Receivers pass it through.
         * @example {
         *       "created_at": "2026-01-01T00:00:00Z",
         *       "data": {
         *         "some_id": "some_1"
         *       },
         *       "event": "something.new"
         *     }
         */
        UnknownEvent: {
            /**
             * Format: date-time
             * @description When the event happened: RFC 3339, UTC, whole seconds.
             */
            created_at: string;
            /** @description The event's data. */
            data: {
                [key: string]: unknown;
            };
            /** @description The event's name. */
            event: string;
        } & {
            [key: string]: unknown;
        };
        /** @description A URL to be looked at. */
        UrlInput: {
            /** @description The URL. */
            url: string;
        };
        /** @description What to change of a webhook. What is absent or null stays as it is. */
        WebhookChange: {
            /** @description The new description; `""` clears it. */
            description?: string | null;
            /** @description The new list of event types; not empty. */
            events?: ("lookup.completed" | "monitor.run.completed" | "apikey.created" | "apikey.revoked" | "credits.low" | "credits.exhausted")[] | null;
            /** @description Which webhook. */
            id: string;
            /** @description `false` pauses, `true` resumes. */
            is_active?: boolean | null;
            /**
             * Format: int32
             * @description How many deliveries a second it takes; 0 lifts the limit.
             */
            rate_limit?: number | null;
            /**
             * Format: uri
             * @description Where to deliver. Needed, also when it does not change.
             */
            url: string;
        };
        /** @description The body of a webhook delivery from Encrata. */
        WebhookEvent: components["schemas"]["LookupCompletedEvent"] | components["schemas"]["MonitorRunCompletedEvent"] | components["schemas"]["ApiKeyCreatedEvent"] | components["schemas"]["ApiKeyRevokedEvent"] | components["schemas"]["CreditsLowEvent"] | components["schemas"]["CreditsExhaustedEvent"] | components["schemas"]["TestEvent"] | components["schemas"]["UnknownEvent"];
        /** @description Names a webhook. */
        WebhookName: {
            /** @description The webhook's id. */
            id?: string | null;
        };
        /**
         * Webhook
         * @description A webhook.
         */
        WebhookView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description The id of the key that made it. */
            created_by: string;
            /** @description What it is for; empty when unset. */
            description: string;
            /**
             * Format: date-time
             * @description When it did.
             */
            disabled_at?: string | null;
            /**
             * @description Why the server itself switched it off, if it did: it answered 410 Gone, or failed for days. Absent otherwise;
             *     `is_active: true` switches it on again.
             */
            disabled_reason?: string | null;
            /** @description The event types that are delivered to it. */
            events: string[];
            /**
             * Format: date-time
             * @description Since when nothing that was sent to it succeeded. Absent while it works.
             */
            failing_since?: string | null;
            /**
             * Format: uuid
             * @description The webhook's id.
             */
            id: string;
            /** @description Whether events are delivered to it. Paused webhooks get nothing; what waits for them goes on waiting. */
            is_active: boolean;
            /**
             * Format: date-time
             * @description Until when the old secret is in force too. Absent when no rotation is under way.
             */
            overlap_until?: string | null;
            /**
             * Format: int32
             * @description How many deliveries a second it takes; absent when there is no limit.
             */
            rate_limit?: number | null;
            /** @description The signing secret. In the answer to its making only: keep it, it is never shown again. */
            secret?: string | null;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
            /** @description Where events are delivered. */
            url: string;
            /**
             * Format: uuid
             * @description The workspace that it belongs to.
             */
            workspace_id: string;
        };
        /** @description A workspace's name. */
        WorkspaceName: {
            /** @description The name. */
            name: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    publish_event: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes the request safe to repeat for 72 hours: the same key again gets the same answer, and nothing new
                 *     is published. 1 to 255 visible ASCII characters.
                 */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventInput"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The idempotency key was used for another request */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    publish_events: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes the request safe to repeat for 72 hours: the same key again gets the same answer, and nothing new
                 *     is published. 1 to 255 visible ASCII characters.
                 */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventInput"][];
            };
        };
        responses: {
            /** @description Accepted, in the order of the request */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"][];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The idempotency key was used for another request */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All is well */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description The part that fails */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    liveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process answers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All is well */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description The part that fails */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The workspace's keys */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Keys"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    rename_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rename"];
            };
        };
        responses: {
            /** @description `API key updated` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such key in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    create_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKeyInput"];
            };
        };
        responses: {
            /** @description The key */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedKey"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The workspace has 1,000 keys */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    revoke_key: {
        parameters: {
            query: {
                /** @description Which key. */
                id: string;
                /** @description `true` deletes the key, so that it is no longer listed. */
                permanent?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `API key revoked` or `API key deleted` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such key in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    switch_key: {
        parameters: {
            query: {
                /** @description `enable` or `disable`. */
                action: string;
                /** @description Which key. */
                id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `API key updated` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such key in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key was revoked */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    limit_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Limit"];
            };
        };
        responses: {
            /** @description `API key updated` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such key in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    who_is_signed_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            /** @description Nobody is signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many wrong keys from this address */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description The session, and its cookie */
            201: {
                headers: {
                    /** @description The session's cookie */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            /** @description The key is missing */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key opens nothing */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A publisher's key, or another origin's request */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many failures from this address, or requests by sessions of this key */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `signed out` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            /** @description Not the page's own request */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_webhooks: {
        parameters: {
            query?: {
                /** @description Only this webhook, as one object. */
                id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All webhooks, or the one */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookView"][] | components["schemas"]["WebhookView"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookChange"];
            };
        };
        responses: {
            /** @description `updated` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    create_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description The webhook, with its secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookView"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The workspace has as many webhooks as it may have */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_webhook: {
        parameters: {
            query?: {
                /** @description Only this webhook, as one object. */
                id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["WebhookName"] | null;
            };
        };
        responses: {
            /** @description `deleted` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    check_url: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UrlInput"];
            };
        };
        responses: {
            /** @description Whether a webhook may have it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checked"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_deliveries: {
        parameters: {
            query?: {
                /** @description Where the page before ended: from its `Link` header. */
                cursor?: string;
                /** @description Only those of this event type. */
                event?: string;
                /** @description With `id`: signs the `request` as of now, as sending it again would, and not as of its last attempt. */
                fresh?: boolean;
                /** @description Only this delivery, as one object, with its `request`. */
                id?: string;
                /** @description How many, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Only those accepted at this time (RFC 3339) or later. */
                since?: string;
                /** @description Only `pending`, `success` or `failed` ones. */
                status?: string;
                /** @description Only those accepted before this time (RFC 3339). */
                until?: string;
                /** @description Which webhook. May be absent with `id`. */
                webhook_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deliveries, newest first, or the one */
            200: {
                headers: {
                    /** @description The next page, if there is one */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryView"][] | components["schemas"]["DeliveryView"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook or delivery in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    listen: {
        parameters: {
            query?: {
                /** @description Only these event types, separated by commas. */
                events?: string;
                /** @description Also those accepted since this time (RFC 3339); only new ones when absent. */
                since?: string;
                /** @description Only deliveries to this webhook; to all of the workspace when absent. */
                webhook_id?: string;
            };
            header?: {
                /** @description The last delivery that came */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["StreamEvent"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    resend_deliveries: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryInput"];
            };
        };
        responses: {
            /** @description Queued */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resent"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such delivery or webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The webhook is paused, or the delivery is being sent just now */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    watch_deliveries: {
        parameters: {
            query: {
                /** @description Only those of this event type. */
                event?: string;
                /** @description Only `pending`, `success` or `failed` ones. */
                status?: string;
                /** @description Which webhook. */
                webhook_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["StreamEvent"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_notices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notices */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoticeView"][];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A glance at each */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Glance"][];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    rotate_secret: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            /** @description The new secret, or the end of the overlap */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotated"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A rotation is under way */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    stats: {
        parameters: {
            query?: {
                /** @description From the step that holds this time (RFC 3339) on; an hour, a day or thirty days before `until` when absent. */
                since?: string;
                /** @description `minute` (of the last two days), `hour` or `day` (in UTC); `hour` when absent. */
                step?: string;
                /** @description Up to the step that holds this time; now when absent. */
                until?: string;
                /** @description Only this webhook; all of the workspace when absent. */
                webhook_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsView"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    send_test: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestInput"];
            };
        };
        responses: {
            /** @description What came of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tested"];
                };
            };
            /** @description Bad or missing input; the text says what to change. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No key, or none that opens anything. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The key's role does not allow it. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No such webhook in this workspace */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is larger than is read. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is not declared as JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The database failed; nothing was kept. Try again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
}
