//! Which events are logged: selectors and insights.

use super::Bench;
use crate::account::{HOME, block_on};
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, InsightSelector,
    InsightType, ReadWriteType, SourceEventCategory,
};

fn field(name: &str) -> aws_sdk_cloudtrail::types::builders::AdvancedFieldSelectorBuilder {
    AdvancedFieldSelector::builder().field(name)
}

fn selector(fields: Vec<AdvancedFieldSelector>) -> AdvancedEventSelector {
    let built = AdvancedEventSelector::builder().set_field_selectors(Some(fields));
    built.build().expect("a selector")
}

/// A selector of somebody else: no deletions of snapshots go unseen.
fn foreign() -> AdvancedEventSelector {
    selector(vec![
        field("eventCategory").equals("Data").build().expect("one"),
        field("resources.type").equals("AWS::EC2::Snapshot").build().expect("one"),
        field("eventName").not_starts_with("List").not_ends_with("Blocks").build().expect("one"),
    ])
}

fn management() -> AdvancedEventSelector {
    selector(vec![field("eventCategory").equals("Management").build().expect("one")])
}

#[test]
fn selectors_of_others_stay_in_their_place() {
    let bench = Bench::with(
        "data_events = [{ s3 = [\"one\", \"two\"] }, { s3 = \"all\", access = \"write\" }]",
    );
    block_on(async {
        bench.trail("baseline", HOME).await;
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.advanced_event_selectors(foreign());
        let put = put.advanced_event_selectors(management());
        put.send().await.expect("put");
        bench.account.assert_converges();
        let selectors = bench.selectors("baseline").await;
        assert_eq!(selectors[..2], [foreign(), management()]);
        let names: Vec<_> = selectors[2..].iter().map(|s| s.name()).collect();
        assert_eq!(names, [Some("baseline: s3 listed (all)"), Some("baseline: s3 (write)")]);
    });
}

#[test]
fn without_management_events_they_are_added() {
    let bench = Bench::with("");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.advanced_event_selectors(foreign());
        put.send().await.expect("put");
        bench.account.assert_converges();
        let selectors = bench.selectors("baseline").await;
        assert_eq!(selectors[0].field_selectors(), management().field_selectors());
        assert_eq!(selectors[1], foreign());
    });
}

#[test]
fn basic_selectors_become_advanced_ones_that_log_the_same() {
    let bench = Bench::with("data_events = [{ dynamodb = \"all\", access = \"write\" }]");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let objects =
            DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3:::theirs/");
        let basic = EventSelector::builder()
            .exclude_management_event_sources("kms.amazonaws.com")
            .data_resources(objects.build());
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(basic.build());
        put.send().await.expect("put");
        let plan = bench.account.run(&["plan"]).exits(0);
        let plan = plan.says("data_events  [\"s3 theirs (read and write)\"] -> [\"dynamodb all (write)\", \"s3 theirs (read and write)\"]");
        let plan = plan.says("note: its basic event selectors become advanced ones");
        let _ = plan.says("leaves out the management events of kms.amazonaws.com");
        bench.asks(
            "data_events = [{ dynamodb = \"all\", access = \"write\" }]\n\
             management_events_except = [\"kms.amazonaws.com\"]",
        );
        bench.account.assert_converges();
        let selectors = bench.selectors("baseline").await;
        let wanted = selector(vec![
            field("eventCategory").equals("Management").build().expect("one"),
            field("eventSource").not_equals("kms.amazonaws.com").build().expect("one"),
        ]);
        assert_eq!(selectors[0].field_selectors(), wanted.field_selectors());
        assert_eq!(selectors.len(), 3);
    });
}

#[test]
fn management_events_logged_only_in_part_are_a_finding() {
    let bench = Bench::with("");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let basic = EventSelector::builder().read_write_type(ReadWriteType::WriteOnly);
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(basic.build());
        put.send().await.expect("put");
    });
    let before = bench.account.writes().len();
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]).exits(2);
    let _ = plan.says("the trail baseline logs management events only in part: write");
    let _ = bench.account.run(&["apply", "--auto-approve"]);
    assert!(bench.writes_since(before).is_empty());
}

#[test]
fn data_events_that_are_logged_already_need_nothing() {
    let bench = Bench::with("data_events = [{ s3 = [\"one\"], access = \"write\" }]");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let all = DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3");
        let basic = EventSelector::builder().data_resources(all.build());
        let put = bench.client.put_event_selectors().trail_name("baseline");
        let put = put.event_selectors(basic.build());
        put.send().await.expect("put");
    });
    let plan = bench.account.run(&["plan", "--detailed-exitcode"]);
    let _ = plan.exits(0).says("No changes.");
}

#[test]
fn insights_are_added_to_those_that_are_there() {
    let bench = Bench::with("insights = [\"ApiErrorRateInsight\"]");
    block_on(async {
        bench.trail("baseline", HOME).await;
        let theirs = InsightSelector::builder()
            .insight_type(InsightType::ApiCallRateInsight)
            .event_categories(SourceEventCategory::Data)
            .build();
        let put = bench.client.put_insight_selectors().trail_name("baseline");
        let put = put.insight_selectors(theirs.clone());
        put.send().await.expect("put");
        bench.account.assert_converges();
        let read = bench.client.get_insight_selectors().trail_name("baseline");
        let read = read.send().await.expect("read");
        assert_eq!(read.insight_selectors()[0], theirs);
        assert_eq!(read.insight_selectors().len(), 2);
    });
}

#[test]
fn a_vendors_trail_of_data_events_is_not_taken_for_the_audit_trail() {
    let bench = Bench::with("");
    block_on(async {
        let create = bench.client.create_trail().name("vendor");
        let create = create.s3_bucket_name(&bench.bucket).send().await;
        create.expect("created");
        let objects = selector(vec![
            field("eventCategory").equals("Data").build().expect("one"),
            field("resources.type").equals("AWS::S3::Object").build().expect("one"),
        ]);
        let put = bench.client.put_event_selectors().trail_name("vendor");
        let put = put.advanced_event_selectors(objects.clone());
        put.send().await.expect("put");
        bench.account.assert_converges();
        assert_eq!(bench.selectors("vendor").await, [objects]);
        assert!(bench.is_logging("baseline").await);
        assert!(!bench.is_logging("vendor").await);
    });
}
