//! dev
use super::Failure;
#[derive(Debug, clap::Args)]
pub(super) struct Dev {}
impl Dev {
    pub(super) async fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
