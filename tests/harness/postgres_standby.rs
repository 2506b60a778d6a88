//! A standby that follows a primary in step, and takes its place.

use std::time::Duration;

use crate::PATIENCE;
use crate::postgres::Postgres;
use crate::postgres_binaries::finish;

/// The name by which a primary knows its standby.
const STANDBY: &str = "standby";

impl Postgres {
    /// A standby of this server, without which no commit here is acknowledged from now on.
    pub async fn synchronous_standby(&self) -> Self {
        let home = tempfile::Builder::new().prefix("encrata-webhooks-standby-").tempdir().unwrap().keep();
        let standby = Self::new(&home, self.password.clone()).unwrap();
        let mut copy = standby.command("pg_basebackup").unwrap();
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-D"]).arg(standby.data());
        let source = self.url("", self.port()) + "?application_name=" + STANDBY;
        finish(copy.args(["-d", &source])).unwrap();
        standby.begin().unwrap();
        self.configure(&[("synchronous_standby_names", STANDBY)]).unwrap();
        self.reload();
        let mut connection = self.connect().await;
        let in_step = async {
            let query = "select count(*) from pg_stat_replication where sync_state = 'sync'";
            while sqlx::query_scalar::<_, i64>(query).fetch_one(&mut connection).await.unwrap() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, in_step).await.unwrap();
        standby
    }

    /// Makes a standby a primary of its own.
    pub async fn promote(&self) {
        // Its settings are the primary's, and it has no standby that could answer for it.
        self.configure(&[("synchronous_standby_names", "")]).unwrap();
        self.reload();
        let mut connection = self.connect().await;
        let promoted = sqlx::query_scalar::<_, bool>("select pg_promote()").fetch_one(&mut connection).await;
        assert!(promoted.unwrap(), "it was not promoted: {}", self.log());
    }
}
