//! From this version to the next one, with both of them running: the next one is made from these sources
//! (`next-version.sh`) and adds a column to each table, so that whatever a running node believes of a table is put to the
//! test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

mod balancer;
mod next;
mod rolling;
mod sqlite;
mod tour;
