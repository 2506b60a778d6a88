//! The real binary, end to end, with a receiver that verifies everything it gets.
//!
//! What is delivered: [`deliver`] is the happy path, [`retry`] what follows a failure, [`failures`] every way in which
//! a receiver can fail, [`fair`] what it costs the others, [`notify`] who is told, [`guard`] where nothing is sent, [`names`] what becomes of a name that changes, [`tls`] what is not trusted, [`egress`] by way of
//! whom, [`nodes`] who sends it. What is asked: [`publish`], [`webhooks`], [`rotation`],
//! [`deliveries`], [`sent`], [`stream`], [`listen`], [`dev`], [`stats`], [`resend`], [`test_send`], [`keys`], [`session`], [`page`], [`access`], [`import`], [`input`], [`rate_limit`]; [`port`] what is not
//! even waited for, [`idle`] what it costs, [`behind_proxy`] who asks. What is kept:
//! [`restart`], [`durable`], [`backup`], [`rekey`], and in [`secrets`] what is not. How it starts and what it says: [`start`],
//! [`start_postgres`], [`command_line`], [`progress`], [`config`], [`passwords`] that it does not, [`log`], [`metrics`], [`dashboard`], [`traces`], [`health`].
//! What is promised of it all: [`threat_model`].

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

mod access;
mod backup;
mod behind_proxy;
mod command_line;
mod config;
mod dashboard;
mod deliver;
mod deliveries;
mod dev;
mod durable;
mod egress;
mod failures;
mod fair;
mod guard;
mod health;
mod idle;
mod import;
mod input;
mod keys;
mod listen;
mod log;
mod metrics;
mod names;
mod nodes;
mod notify;
mod page;
mod passwords;
mod port;
mod progress;
mod publish;
mod rate_limit;
mod rekey;
mod resend;
mod restart;
mod retry;
mod rotation;
mod secrets;
mod sent;
mod session;
mod sql;
mod start;
mod start_postgres;
mod stats;
mod stream;
mod test_send;
mod threat_model;
mod tls;
mod traces;
mod webhooks;
