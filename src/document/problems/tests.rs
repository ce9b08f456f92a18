use crate::baseline::Baseline;
use std::path::Path;

fn problems(text: &str) -> String {
    let read = Baseline::parse(Path::new("x.toml"), &format!("baseline = 1\n{text}"));
    read.expect_err("something is wrong").count()
}

#[test]
fn of_a_large_table_the_first_mistake_is_reported() {
    let text = |events: usize| {
        let one = "{ s3 = \"b\" }, ".repeat(events);
        format!("[cloudtrail]\ndata_events = [{one}]\n")
    };
    assert_eq!(problems(&text(3)), "3 problems");
    assert_eq!(problems(&text(5000)), "1 problem");
}

#[test]
fn a_setting_before_the_first_table_is_no_control() {
    let read = Baseline::parse(Path::new("x.toml"), "baseline = 1\nno = true\n");
    let said = read.expect_err("it is in no table").render(Path::new("x.toml"), "");
    assert!(said.contains("'no' is not in a table"), "{said}");
}
