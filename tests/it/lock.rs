//! One apply at a time.

use crate::account::{Account, Run, block_on};
use crate::iam;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use std::process::{Child, Stdio};
use std::time::Duration;

const POLICY: &str = "[password_policy]\nminimum_length = 14";

/// An apply that is in the middle of its only call.
fn slow_apply(account: &Account, milliseconds: u32) -> Child {
    account.faults(json!([
        {"operation": "UpdateAccountPasswordPolicy", "action": "delay", "delay_ms": milliseconds},
    ]));
    let child = account
        .command(&["apply", "--auto-approve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let calling = |o: &String| o.ends_with("UpdateAccountPasswordPolicy");
    while !account.operations().iter().any(calling) {
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn a_second_apply_stops_and_says_who_is_at_work() {
    let account = Account::with(POLICY);
    let first = slow_apply(&account, 2500);
    let holder = format!("process {}, apply) since 20", first.id());
    let _ = account.run(&["apply", "--auto-approve"]).exits(6).says("another apply").says(&holder);
    let _ = account.run(&["drift"]).exits(6).says("apply in progress").says(&holder);
    let _ = account.run(&["plan"]).exits(0).says("note: apply in progress");
    let first = Run::from(first.wait_with_output().expect("it ends")).exits(0);
    assert!(first.stdout.contains("1 change made"));
    assert_eq!(account.writes().len(), 1);
    let _ = account.run(&["drift"]).exits(0);
}

#[test]
fn the_lock_of_a_killed_apply_is_free() {
    let account = Account::with(POLICY);
    let mut first = slow_apply(&account, 2500);
    first.kill().expect("killed");
    first.wait().expect("ended");
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
}

#[test]
fn an_apply_waits_for_the_lock_as_long_as_it_is_told() {
    let account = Account::with(POLICY);
    let first = slow_apply(&account, 1500);
    let _ = account
        .run(&["apply", "--auto-approve", "--lock-timeout", "30s"])
        .exits(0)
        .says("No changes.");
    let _ = Run::from(first.wait_with_output().expect("it ends")).exits(0);
    assert_eq!(account.writes().len(), 1);
}

#[test]
fn of_two_applies_at_once_one_writes_and_the_other_names_it() {
    const RUNS: usize = 50;
    const AT_ONCE: usize = 25;
    let pair = || {
        let account = Account::with(POLICY);
        // Each look takes a while, and the one that is first looks three times.
        account.faults(json!([{
            "operation": "GetAccountPasswordPolicy", "action": "delay", "delay_ms": 1500,
            "count": null,
        }]));
        let both = [(); 2].map(|()| {
            let mut command = account.command(&["apply", "--auto-approve"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("it runs")
        });
        let pids = both.each_ref().map(Child::id);
        let runs = both.map(|child| Run::from(child.wait_with_output().expect("it ends")));
        let first = usize::from(runs[0].code != 0);
        assert_eq!((runs[first].code, runs[1 - first].code), (0, 6), "{runs:?}");
        let holder = format!("(process {}, apply)", pids[first]);
        assert!(runs[1 - first].stderr.contains(&holder), "{runs:?}");
        assert_eq!(account.writes(), ["iam:UpdateAccountPasswordPolicy"]);
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| (0..RUNS / AT_ONCE).for_each(|_| pair()));
        }
    });
}

/// An account whose baseline has a lock between machines, with its bucket.
struct Shared {
    account: Account,
    s3: aws_sdk_s3::Client,
    bucket: String,
}

impl Shared {
    fn new() -> Self {
        let account = Account::new();
        let bucket = format!("locks-{}", account.id);
        let tables = format!("[lock]\nbucket = \"{bucket}\"\n{POLICY}");
        account.baseline(&account.in_one_region(&tables));
        let s3 = block_on(async {
            let config = account.sdk().await;
            let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
            let s3 = aws_sdk_s3::Client::from_conf(config.build());
            s3.create_bucket().bucket(&bucket).send().await.expect("created");
            s3
        });
        Self { account, s3, bucket }
    }

    fn key(&self) -> String {
        format!("baseline/{}.lock.json", self.account.id)
    }

    /// The lease of somebody else.
    fn hold(&self, lasts: u64, fence: u64) {
        let lease = json!({
            "holder": {"who": "alice@elsewhere", "pid": 4711, "doing": "apply",
                       "since": "2026-11-22T02:15:03Z"},
            "caller": "arn:aws:iam::111122223333:user/alice",
            "fence": fence, "renewed": 3, "lasts": lasts, "released": false,
        });
        let body = ByteStream::from(lease.to_string().into_bytes());
        block_on(async {
            let put = self.s3.put_object().bucket(&self.bucket).key(self.key());
            put.body(body).send().await.expect("put");
        });
    }

    fn lease(&self) -> Value {
        block_on(async {
            let get = self.s3.get_object().bucket(&self.bucket).key(self.key());
            let bytes = get.send().await.expect("read").body.collect().await;
            serde_json::from_slice(&bytes.expect("whole").to_vec()).expect("JSON")
        })
    }

    /// How often something else than the lock was written.
    fn changes(&self) -> usize {
        let writes = self.account.writes();
        writes.iter().filter(|o| o.starts_with("iam:")).count()
    }
}

#[test]
fn a_lease_that_somebody_holds_on_another_machine_is_respected() {
    let shared = Shared::new();
    shared.hold(90, 7);
    let _ = shared
        .account
        .run(&["apply", "--auto-approve"])
        .exits(6)
        .says("alice@elsewhere (process 4711, apply) since 2026-11-22T02:15:03Z")
        .says("arn:aws:iam::111122223333:user/alice");
    let _ = shared.account.run(&["drift"]).exits(6).says("apply in progress: alice@elsewhere");
    let _ = shared.account.run(&["plan"]).exits(0).says("apply in progress: alice@elsewhere");
    assert_eq!(shared.changes(), 0);
    assert_eq!(shared.lease()["fence"], 7);
}

#[test]
fn a_lease_that_is_not_renewed_is_taken_over_with_a_higher_fence_and_released() {
    let shared = Shared::new();
    shared.hold(1, 7);
    std::thread::sleep(Duration::from_millis(2100));
    let _ = shared.account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(shared.changes(), 1);
    let lease = shared.lease();
    assert_eq!((&lease["fence"], &lease["released"]), (&json!(8), &json!(true)));
    let _ = shared.account.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(shared.lease()["fence"], 9);
    shared.account.assert_valid_requests();
}

#[test]
fn a_refused_apply_lets_go_of_the_lease() {
    let shared = Shared::new();
    let _ = shared.account.run(&["apply"]).exits(6).says("cannot ask for confirmation");
    assert_eq!(shared.lease()["released"], true);
}

#[test]
fn a_store_that_ignores_conditions_is_no_lock() {
    let shared = Shared::new();
    shared.account.faults(json!([
        {"operation": "PutObject", "action": "ignore_conditions", "count": null},
    ]));
    let _ = shared
        .account
        .run(&["apply", "--auto-approve"])
        .exits(6)
        .says("the store ignores conditions");
    assert_eq!(shared.changes(), 0);
}

#[test]
fn a_lease_lost_before_the_first_write_writes_nothing() {
    let shared = Shared::new();
    shared.account.faults(json!([
        {"operation": "GetAccountPasswordPolicy", "action": "delay", "delay_ms": 2500},
    ]));
    let child = shared
        .account
        .command(&["apply", "--auto-approve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let looking = |o: &String| o.ends_with("GetAccountPasswordPolicy");
    while !shared.account.operations().iter().any(looking) {
        std::thread::sleep(Duration::from_millis(20));
    }
    shared.hold(90, 99);
    let run = Run::from(child.wait_with_output().expect("it ends"));
    let _ = run.exits(6).says("was lost");
    assert_eq!(shared.changes(), 0);
    assert_eq!(shared.lease()["fence"], 99);
}

#[test]
fn a_bucket_of_somebody_else_is_not_used() {
    let shared = Shared::new();
    let other = Account::new();
    let tables = format!("[lock]\nbucket = \"{}\"\n{POLICY}", shared.bucket);
    other.baseline(&other.in_one_region(&tables));
    let _ =
        other.run(&["apply", "--auto-approve"]).exits(1).says("cannot use the lock s3://locks-");
    assert!(other.writes().is_empty());
}

#[test]
fn journals_are_copied_and_a_plan_is_used_once_on_whatever_machine() {
    let shared = Shared::new();
    let account = &shared.account;
    let tables = format!("[journal]\nbucket = \"{}\"\nprefix = \"team\"\n{POLICY}", shared.bucket);
    account.baseline(&account.in_one_region(&tables));
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    let _ = account.run(&["apply", "plan.json"]).exits(0);
    let keys = || {
        let list = shared.s3.list_objects_v2().bucket(&shared.bucket);
        let list = block_on(list.send()).expect("listed");
        let keys = list.contents().iter().filter_map(|object| object.key());
        keys.map(str::to_owned).collect::<Vec<_>>()
    };
    let journal = |key: &String| key.starts_with(&format!("team/{}/20", account.id));
    assert!(keys().iter().any(|key| journal(key) && key.ends_with(".jsonl")), "{:?}", keys());

    // Another machine: the plan and the baseline are there, the journals are not.
    std::fs::remove_dir_all(account.path("plans")).expect("removed");
    iam::delete_password_policy(account);
    let before = shared.changes();
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("perhaps on another machine");
    assert_eq!(shared.changes(), before);
}
