//! A master key that is replaced: nothing comes under the old one any more.

use encrata_webhooks_server::model::webhook::Secrets;
use encrata_webhooks_server::store::{CreateError, StoreError};
use encrata_webhooks_server::vault::Sealed;

use crate::base::{Base, T, new_webhook, under, webhook, workspace};

fn sealed(byte: u8) -> Sealed {
    Sealed::from_bytes(vec![byte])
}

pub(crate) async fn nothing_is_kept_under_a_key_that_was_replaced(base: &Base) {
    let store = base.open().await;
    let workspace_id = workspace(&store, "one").await;
    let id = webhook(&store, workspace_id).await;
    let replaced = sealed(2);
    assert!(!store.begin_rekey(&sealed(9), &replaced).await.unwrap(), "it is under another key");
    assert!(store.begin_rekey(&under(), &replaced).await.unwrap());
    assert!(!store.begin_rekey(&replaced, &sealed(3)).await.unwrap(), "one goes on");

    let refused = store.create_webhook(&new_webhook(workspace_id, None), u32::MAX, &under()).await;
    assert!(matches!(refused, Err(CreateError::Store(StoreError::MasterKeyChanged))), "{refused:?}");
    let secrets = Secrets { current: sealed(8), previous: None };
    let refused = store.replace_secrets(workspace_id, id, &sealed(7), &secrets, &under(), T).await;
    assert!(matches!(refused, Err(StoreError::MasterKeyChanged)), "{refused:?}");
    let kept = store.webhooks(workspace_id).await.unwrap();
    assert_eq!((kept.len(), &kept[0].secrets.current), (1, &sealed(7)));

    store.create_webhook(&new_webhook(workspace_id, None), u32::MAX, &replaced).await.unwrap();
    assert!(store.replace_secrets(workspace_id, id, &sealed(7), &secrets, &replaced, T).await.unwrap());
    store.finish_rekey().await.unwrap();
    assert!(store.begin_rekey(&replaced, &sealed(3)).await.unwrap(), "the next may begin");
}
