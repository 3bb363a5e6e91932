//! A builder that is cut off while it pushes.

use machine_tests::narinfo_name;
use system_tests::{expr, wait_until};

use crate::site::{PUSH, QUEUE, Site, number, stop_pushing};

/// The paths `small`, which all builders build, and `large` on top of it: four megabytes that do not
/// compress, which a builder that was slowed down takes half a minute for.
fn small_and_large(builder: usize) -> String {
    expr::with_drv(&format!(
        r#"let small = drv "small" "echo small > $out";
in drv "large-{builder}" "/usr/bin/head -c 4000000 /dev/urandom > $out; echo ${{small}} >> $out""#
    ))
}

#[test]
fn a_builder_that_is_cut_off_in_mid_push_loses_nothing_and_holds_up_no_other() {
    // After a boot, without anybody's help.
    // Without a sandbox, for /usr/bin/head; and whoever is cut off notices soon.
    let often = r#"nix.settings = { sandbox = false; download-attempts = 1; };
    services.nix-post-build-push.queues.cache = {
      interval = lib.mkForce "2s"; randomizedDelaySec = lib.mkForce "0"; retryDelay = "1s"; retryMaxDelay = "2s";
    };"#;
    let mut site = Site::with_builders(2, often);
    site.builders.iter().for_each(stop_pushing);
    let closures = site.build(small_and_large);
    let small = closures[0]
        .intersection(&closures[1])
        .next()
        .expect("what both built");
    let small = narinfo_name(small);

    // References go first: when the one has arrived, the other is on its way.
    site.builders[0].slow_down();
    site.builders[0].sh(&format!("systemctl start --no-block {PUSH}"));
    wait_until("a part of the first push", || {
        puts(&site, &small) == 1 && site.cache.cache_is_receiving()
    });
    site.network.cut(&site.builders[0], number(0));

    site.builders[1].start_unit(PUSH);
    assert_eq!(site.builders[1].queued(QUEUE), [].into());

    // It goes on building, and queueing.
    let mut kept = site.builders[0].build(&expr::file("meanwhile", "1"));
    kept.extend(closures[0].iter().cloned());
    assert_eq!(site.builders[0].property(PUSH, "ActiveState"), "activating");
    site.builders[0].cut_power();
    assert_eq!(site.builders[0].queued(QUEUE), kept);
    assert_eq!(site.builders[0].survivors(&kept), kept);

    site.network.connect(&site.builders[0], number(0));
    wait_until("the first builder's queue to be empty", || {
        site.builders[0].queued(QUEUE).is_empty()
    });
    assert_eq!(site.cache.cache_is_whole(), 4);
    // What had arrived before the cut is not brought again.
    assert_eq!(puts(&site, &small), 1);
    assert_eq!(puts(&site, "/nar/"), 4);
}

fn puts(site: &Site, what: &str) -> usize {
    let requests = site.cache.requests();
    requests.iter().filter(|request| request.put(what)).count()
}
