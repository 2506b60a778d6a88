use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const ANSWER: &str = "192.0.2.1:0";

/// Names that begin with `hang` are never found, nor are any before the gate opens; all others at once. How many
/// look-ups there were is counted.
struct Fake {
    lookups: Lookups,
    begun: Arc<AtomicUsize>,
    gate: watch::Sender<bool>,
}

impl Fake {
    fn new(is_open: bool) -> Self {
        let (begun, gate) = (Arc::<AtomicUsize>::default(), watch::Sender::new(is_open));
        let (counted, opened) = (Arc::clone(&begun), gate.subscribe());
        let lookups = Lookups::new(move |name| {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut opened = opened.clone();
            Box::pin(async move {
                assert!(!name.starts_with("panic"), "on purpose");
                if name.starts_with("hang") {
                    std::future::pending::<()>().await;
                }
                opened.wait_for(|is_open| *is_open).await.unwrap();
                Ok([ANSWER.parse().unwrap()].into())
            })
        });
        Self { lookups, begun, gate }
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// Somebody asks, and waits.
    fn asks(&self, asker: Asker, name: String) -> tokio::task::JoinHandle<Found> {
        let lookups = self.lookups.clone();
        tokio::spawn(async move { lookups.addresses(asker, &name).await })
    }

    /// Each of these workspaces asks for so many names at once, and got what it can get when this returns.
    async fn ask_for_what_hangs(&self, workspaces: std::ops::Range<i64>, names: usize) {
        let mut asking = 0;
        for n in workspaces {
            for nth in 0..names {
                self.asks(workspace(n), format!("hang-{n}-{nth}.test"));
                asking += 1;
            }
        }
        // One thread runs all: they were polled when this one is again.
        for _ in 0..asking {
            tokio::task::yield_now().await;
        }
    }

    fn running(&self) -> (usize, usize) {
        let state = self.lookups.lock();
        (state.usual.running, state.slow.running)
    }

    /// Answers whether somebody else is served now.
    async fn serves(&self, name: &str) -> bool {
        let asked = self.lookups.addresses(workspace(1_000_000), name);
        tokio::time::timeout(Duration::from_secs(1), asked).await.is_ok_and(|found| found.is_ok())
    }
}

fn workspace(n: i64) -> Asker {
    // An id is made of a time and of chance: the same one for the same number.
    Some(WorkspaceId::floor(n))
}

#[tokio::test]
async fn who_asks_for_a_name_that_is_looked_up_gets_what_that_finds_and_nobody_later_does() {
    let fake = Fake::new(false);
    let asking: Vec<_> = (0..50).map(|n| fake.asks(workspace(n), "one.test".into())).collect();
    let other = fake.asks(workspace(1), "other.test".into());
    tokio::task::yield_now().await;
    fake.gate.send_replace(true);
    for asked in asking.into_iter().chain([other]) {
        assert_eq!(asked.await.unwrap().unwrap()[0].to_string(), ANSWER);
    }
    assert_eq!(fake.begun(), 2);
    fake.lookups.addresses(workspace(1), "one.test").await.unwrap();
    assert_eq!(fake.begun(), 3, "an answer was kept");
    let state = fake.lookups.lock();
    assert!(state.flights.is_empty() && state.usual.of.is_empty(), "{state:?}");
}

#[tokio::test]
async fn one_who_goes_away_takes_nothing_from_those_who_wait_with_him() {
    let fake = Fake::new(false);
    let (first, second) =
        (fake.asks(workspace(1), "one.test".into()), fake.asks(workspace(2), "one.test".into()));
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.is_err());
    fake.gate.send_replace(true);
    second.await.unwrap().unwrap();
    assert_eq!(fake.begun(), 1);
}

#[tokio::test]
async fn a_look_up_that_panics_leaves_its_place() {
    let fake = Fake::new(true);
    let found = fake.lookups.addresses(workspace(1), "panic.test").await;
    assert_eq!(&*found.unwrap_err(), "the look-up failed");
    assert_eq!(fake.running(), (0, 0));
}

#[tokio::test]
async fn a_workspace_leaves_most_of_it_to_others_and_many_leave_something() {
    let fake = Fake::new(true);
    fake.ask_for_what_hangs(0..1, 300).await;
    assert_eq!(fake.running(), (MAX_RUNNING / (PART_OF_FREE + 1) + 1, 0));
    assert!(fake.serves("good.test").await);
    fake.ask_for_what_hangs(1..30, 40).await;
    let (running, _) = fake.running();
    assert!((MAX_RUNNING / 2..MAX_RUNNING).contains(&running), "{running}");
    assert!(fake.serves("better.test").await);
    // So many that all is taken: no more than all.
    fake.ask_for_what_hangs(30..300, 5).await;
    assert_eq!(fake.running(), (MAX_RUNNING, 0));
    assert!(!fake.serves("best.test").await);
}

#[tokio::test]
async fn who_waited_for_a_place_gets_the_next() {
    let fake = Fake::new(false);
    let asking: Vec<_> = (0..100).map(|n| fake.asks(workspace(1), format!("{n}.test"))).collect();
    tokio::task::yield_now().await;
    assert!(fake.running().0 < 100);
    fake.gate.send_replace(true);
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
    assert_eq!((fake.begun(), fake.running()), (100, (0, 0)));
}

#[tokio::test]
async fn slow_names_take_nothing_from_the_others() {
    let fake = Fake::new(true);
    let remember = |name: String| {
        fake.lookups.lock().remember(&name.into(), SLOW, Instant::now());
    };
    (0..60).for_each(|n| (0..8).for_each(|nth| remember(format!("hang-{n}-{nth}.test"))));
    remember("recovers.test".into());
    fake.ask_for_what_hangs(0..20, 8).await;
    let (usual, slow) = fake.running();
    assert!(usual == 0 && (MAX_RUNNING_SLOW / 2..MAX_RUNNING_SLOW).contains(&slow), "{usual} {slow}");
    // One that is quick is not slow any more.
    let is_slow = |name| fake.lookups.lock().is_slow(name, Instant::now());
    assert!(is_slow("recovers.test"));
    assert!(fake.serves("recovers.test").await && !is_slow("recovers.test"));
    fake.ask_for_what_hangs(20..60, 8).await;
    assert_eq!(fake.running(), (0, MAX_RUNNING_SLOW));
    assert!(fake.serves("good.test").await && fake.serves("recovers.test").await);
}

#[test]
fn of_so_many_names_it_is_remembered_and_for_so_long() {
    let mut state = State {
        flights: HashMap::new(),
        usual: Lane::new(1),
        slow: Lane::new(1),
        slow_names: HashMap::new(),
    };
    let began = Instant::now();
    let quick = SLOW.saturating_sub(Duration::from_millis(1));
    state.remember(&"quick".into(), quick, began);
    assert!(state.slow_names.is_empty());
    for n in 0..MAX_REMEMBERED + 10 {
        state.remember(&n.to_string().into(), SLOW, began + Duration::from_millis(n as u64));
    }
    // The oldest had to go.
    assert_eq!(state.slow_names.len(), MAX_REMEMBERED);
    assert!(!state.is_slow("9", began) && state.is_slow("10", began));
    let last = began + Duration::from_millis((MAX_REMEMBERED + 9) as u64) + REMEMBERED;
    let newest = (MAX_REMEMBERED + 9).to_string();
    assert!(state.is_slow(&newest, last.checked_sub(Duration::from_millis(1)).unwrap()));
    assert!(!state.is_slow(&newest, last));
    // All of them are forgotten before any that is remembered.
    state.remember(&"new".into(), SLOW, last);
    assert_eq!(state.slow_names.len(), 1);
}
