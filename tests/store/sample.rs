//! What metrics ask.

use crate::base::{Base, T, batch, record, webhook, workspace};

pub(crate) async fn the_queue_is_counted_a_part_at_a_time(base: &Base) {
    let store = base.open().await;
    for name in ["acme", "other"] {
        let workspace_id = workspace(&store, name).await;
        for _ in 0..2 {
            webhook(&store, workspace_id).await;
        }
        record(&store, batch(workspace_id, 25, T)).await;
    }
    let (mut parts, mut after) = (Vec::new(), None);
    loop {
        let (rows, last) = store.count_waiting(after.as_ref(), 30).await.unwrap();
        parts.push(rows);
        after = last;
        if rows < 30 {
            break;
        }
    }
    assert_eq!(parts, [30, 30, 30, 10]);
    assert_eq!(store.count_waiting(after.as_ref(), 30).await.unwrap(), (0, None));
}
