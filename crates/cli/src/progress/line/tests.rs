use nix_copy::UploadSnapshot;
use proptest::prelude::*;

use super::*;

fn view() -> View {
    let upload = UploadSnapshot {
        paths: Share {
            done: 33,
            expected: Some(120),
        },
        bytes: Share {
            done: 1_300_000_000,
            expected: Some(3_660_000_000),
        },
        stage: Stage::Copies,
        under_way: 3,
        path: Some(
            "00000000000000000000000000000001-hello-2.12.1"
                .parse()
                .unwrap(),
        ),
        moved: None,
    };
    View {
        name: "main".to_owned(),
        state: None,
        entries: Share {
            done: 12,
            expected: Some(40),
        },
        failed: 0,
        has_batches: false,
        upload,
        speed: Some(29_700_000),
        time: Duration::from_secs(72),
        thousandths: 456,
    }
}

#[track_caller]
fn shows(view: &View, width: usize, expected: &str) {
    let line = line(view, 0, width, false);
    assert_eq!(line, expected);
    assert!(
        columns(&line) <= width,
        "{} columns: {line}",
        columns(&line)
    );
}

#[test]
fn a_wide_line_has_all_of_it() {
    shows(
        &view(),
        199,
        "main  ━━━━━━━━━━╸─────────────   45%  12/40 entries  33/120 paths  1.2 GiB/3.4 GiB  28.3 MiB/s  \
         hello-2.12.1 +2",
    );
}

#[test]
fn a_narrow_line_has_what_tells_most() {
    shows(
        &view(),
        99,
        "main  ━━━━━───────   45%  12/40 entries  33/120 paths  1.2 GiB/3.4 GiB  28.3 MiB/s  hello-2.12.1 +2",
    );
    shows(
        &view(),
        79,
        "main  ━━━━╸─────   45%  33/120 paths  1.2 GiB/3.4 GiB  28.3 MiB/s  hello-2.12.…",
    );
    shows(&view(), 39, "main   45%  1.2 GiB/3.4 GiB  hello-2.1…");
    shows(&view(), 19, "main   45%  hello-…");
    shows(&view(), 10, "main   45%");
    shows(&view(), 9, "main");
    shows(&view(), 3, "ma…");
    shows(&view(), 0, "");
}

#[test]
fn with_several_batches_the_entries_tell_more() {
    let view = View {
        has_batches: true,
        failed: 2,
        ..view()
    };
    shows(
        &view,
        79,
        "main   45%  12/40 entries, 2 failed  1.2 GiB/3.4 GiB  28.3 MiB/s  hello-2.12.1…",
    );
}

#[test]
fn what_is_not_known_is_not_told() {
    let upload = UploadSnapshot {
        paths: Share {
            done: 1,
            expected: Some(3),
        },
        ..UploadSnapshot::default()
    };
    let view = View {
        upload,
        speed: None,
        ..view()
    };
    shows(&view, 39, "main  ━━━━╸─────   45%  1/3 paths");
}

#[test]
fn what_is_read_or_sent_is_told_beside_what_is_done_and_how_long_where_there_is_no_number() {
    let share = Share {
        done: 1 << 20,
        expected: Some(2 << 20),
    };
    for (stage, told) in [
        (Stage::Sends(Some(share)), "sends 1.0 MiB/2.0 MiB"),
        (Stage::Reads(share), "reads 1.0 MiB/2.0 MiB"),
        (Stage::Sends(None), "sends, 1m 12s"),
        (Stage::ReadsAndSends, "reads and sends, 1m 12s"),
    ] {
        let mut view = view();
        view.upload.stage = stage;
        for width in [199, 99, 79, 60] {
            let line = line(&view, 0, width, false);
            let told = format!("  1.2 GiB/3.4 GiB  {told}");
            assert!(line.contains(&told), "{line}");
        }
    }
}

#[test]
fn a_state_stands_in_place_of_how_far_it_is_and_harms_nothing() {
    let state = Some("waits 4m 30s: \u{1b}[2Jhttps://me:pa55word@h 漢字".to_owned());
    let view = View { state, ..view() };
    shows(
        &view,
        79,
        r"main  waits 4m 30s: \u{1b}[2Jhttps://***@h 漢字",
    );
    shows(&view, 18, "main  waits 4m 30…");
}

#[test]
fn a_long_name_leaves_room_for_what_tells_most() {
    let share = Share {
        done: 1 << 20,
        expected: Some(2 << 20),
    };
    let mut view = view();
    view.name = "a-rather-long-queue-name-for-the-bar".to_owned();
    view.upload.stage = Stage::Sends(Some(share));
    shows(
        &view,
        99,
        "a-rather-long-q…  ━━━━━───────   45%  1.2 GiB/3.4 GiB  sends 1.0 MiB/2.0 MiB  28.3 MiB/s  hello-2.…",
    );
}

#[test]
fn where_there_are_more_queues_than_rows_the_last_row_says_so() {
    let lines = |number: usize| (1..=number).map(|i| i.to_string()).collect::<Vec<_>>();
    assert_eq!(in_rows(lines(5), 5), lines(5));
    let six = in_rows(lines(6), 5);
    assert_eq!(six, ["1", "2", "3", "4", "and 2 more queues"]);
    assert_eq!(in_rows(lines(8), 1), ["1", "and 7 more queues"]);
    assert_eq!(in_rows(lines(0), 0), lines(0));
}

#[test]
fn colours_are_there_only_where_they_are_wanted() {
    assert!(!line(&view(), 0, 199, false).contains('\x1b'));
    let coloured = line(&view(), 0, 199, true);
    assert!(coloured.contains("\x1b[36m"));
    assert_eq!(
        console::strip_ansi_codes(&coloured),
        line(&view(), 0, 199, false)
    );
}

#[test]
fn a_bar_grows_from_nothing_to_all() {
    let count = |thousandths| 20 - drawn(thousandths, 20, false).matches(REST).count();
    assert_eq!([0, 25, 500, 975, 1_000].map(count), [0, 1, 10, 20, 20]);
    assert_eq!(drawn(1_000, 20, false), DONE.repeat(20));
}

fn share() -> impl Strategy<Value = Share> {
    (any::<u64>(), proptest::option::of(any::<u64>()))
        .prop_map(|(done, expected)| Share { done, expected })
}

fn stage_of(share: impl Strategy<Value = Share>) -> impl Strategy<Value = Stage> {
    (share, 0..5_usize).prop_map(|(share, which)| match which {
        0 => Stage::Reads(share),
        1 => Stage::Sends(Some(share)),
        2 => Stage::Sends(None),
        3 => Stage::ReadsAndSends,
        _ => Stage::Copies,
    })
}

proptest! {
    #[test]
    fn no_line_is_wider_than_its_room(
        name in ".{0,40}", state in proptest::option::of(".{0,60}"), width in 0..300_usize,
        (paths, bytes, stage) in (share(), share(), stage_of(share())),
        (thousandths, under_way, has_batches) in (0..=1_000_usize, 0..9_usize, any::<bool>()),
        (speed, colours) in (proptest::option::of(any::<u64>()), any::<bool>()),
    ) {
        let upload = UploadSnapshot { paths, bytes, stage, under_way, ..view().upload };
        let view = View { name, state, upload, speed, thousandths, has_batches, ..view() };
        let line = line(&view, 0, width, colours);
        prop_assert!(columns(&line) <= width, "{} of {width}: {line:?}", columns(&line));
        prop_assert!(!console::strip_ansi_codes(&line).contains(char::is_control), "{line:?}");
    }
}

#[test]
fn what_is_behind_a_short_name_stands_below_what_is_behind_a_long_one() {
    let mut view = view();
    let behind = |line: String| line.find('━').unwrap();
    view.name = "main".to_owned();
    let short = line(&view, 6, 199, false);
    view.name = "laptop".to_owned();
    assert_eq!(behind(short), behind(line(&view, 6, 199, false)));
}
