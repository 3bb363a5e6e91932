//! What `check-contents` costs. `NPBP_TORTURE=1` measures it; without, only the calls are counted.

use std::fs;
use std::time::Instant;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Reply, Run, Server, expr, figure, is_long};

const SCOPES: [&str; 3] = ["off", "entries", "closure"];

fn config(destination: &str, scope: &str, more: &str) -> String {
    format!(
        "{more}\n[queues.main]\ndestination = \"{destination}\"\nqueue-dir = \"@T@/queue\"\n\
         check-contents = \"{scope}\"\ncheck-sigs = false\n"
    )
}

fn enqueue(product: &Product, paths: &[Utf8PathBuf]) {
    let lines: String = paths.iter().map(|path| format!("{path}\n")).collect();
    let mut command = product.command();
    command
        .args(["enqueue", "--stdin"])
        .run_with_input(&lines)
        .success();
}

#[test]
fn a_comparison_costs_one_call_of_nix() {
    let product = Product::with_file_cache(Nix::new());
    let calls = product.nix().call_log();
    let paths = product.nix().build(&expr::independent(20));
    for (scope, number) in SCOPES.iter().zip([1, 2, 2]) {
        let bin = "[nix]\nbin-dir = \"@T@/calls\"";
        product.write_config(&config("file://@T@/cache", scope, bin));
        enqueue(&product, &paths);
        calls.take();
        product.run(&["push"]).success();
        let called = calls.take();
        assert_eq!(called.len(), number, "{scope}: {called:#?}");
    }
}

enum Objects {
    /// So many files, which refer to nothing. To build them would take minutes.
    Small(usize),
    Built(String),
}

/// A load, the destinations that it is measured with, and how often.
struct Load {
    name: &'static str,
    objects: Objects,
    destinations: &'static [&'static str],
    rounds: usize,
    /// Whether only the last path is queued, and the others are its references.
    last_only: bool,
}

const CACHE: &str = "file://@T@/cache";
const PLAIN: &str = "file://@T@/cache?compression=none";
const CHROOT: &str = "@T@/chroot";

fn loads() -> [Load; 6] {
    let load = |name, objects, destinations, rounds| Load {
        name,
        objects,
        destinations,
        rounds,
        last_only: false,
    };
    let large = |megabytes: u32, number: u32| {
        let body = format!(
            r#"builtins.genList (i: drv "large-${{toString i}}" "/usr/bin/head -c {megabytes}000000 /dev/urandom > $out") {number}"#
        );
        Objects::Built(expr::with_drv(&body))
    };
    let with_large_references = Objects::Built(expr::with_drv(
        r#"let large = builtins.genList (i: drv "large-${toString i}"
  "/usr/bin/head -c 100000000 /dev/urandom > $out") 3;
in [ (drv "small" "echo ${toString large} > $out") ]"#,
    ));
    [
        load(
            "200 small paths",
            Objects::Small(200),
            &[CACHE, PLAIN, CHROOT],
            5,
        ),
        load(
            "2,000 small paths",
            Objects::Small(2_000),
            &[CACHE, PLAIN],
            3,
        ),
        load("5 paths of 20 MB", large(20, 5), &[PLAIN], 3),
        // xz takes a second for each megabyte.
        load("1 path of 20 MB", large(20, 1), &[CACHE], 1),
        load("5 paths of 100 MB", large(100, 5), &[PLAIN, CHROOT], 3),
        Load {
            last_only: true,
            ..load(
                "1 small path that refers to 300 MB",
                with_large_references,
                &[PLAIN],
                3,
            )
        },
    ]
}

#[test]
fn what_it_costs() {
    if !is_long() {
        return;
    }
    for load in loads() {
        let nix = Nix::new();
        let mut paths = make(&nix, &load.objects);
        if load.last_only {
            paths = vec![paths.pop().expect("a path")];
        }
        let product = Product::install(nix, "");
        for destination in load.destinations {
            measure(&product, &load, destination, &paths);
        }
    }
}

/// The error names the culprit, which is tried alone then; each part is compared before it goes.
#[test]
fn what_it_costs_where_a_batch_fails() {
    if !is_long() {
        return;
    }
    for load in [&loads()[0], &loads()[2]] {
        let nix = Nix::new();
        let paths = make(&nix, &load.objects);
        let culprit = paths[paths.len() / 2].file_name().expect("name");
        let refused = format!("/{}.narinfo", &culprit[..32]);
        let product = Product::install(nix, "");
        let mut costs = [const { Vec::new() }; 3];
        for _ in 0..load.rounds {
            for (scope, costs) in SCOPES.iter().zip(&mut costs) {
                let refused = refused.clone();
                let server = Server::binary_cache_except(move |request| {
                    let put = request.method == "PUT" && request.path == refused;
                    put.then_some(Reply::Status(413))
                });
                let plain = server.url() + "?compression=none";
                product.write_config(&config(&plain, scope, ""));
                enqueue(&product, &paths);
                let (begun, cpu) = (Instant::now(), cpu_seconds());
                product.run(&["push"]).exits(75).stdout_has("1 failed");
                costs.push((begun.elapsed().as_secs_f64(), cpu_seconds() - cpu));
                product.run(&["drop", "--all"]).success();
            }
        }
        print(
            &format!("{}, one refused, HTTP, uncompressed", load.name),
            &product,
            &costs,
        );
    }
}

fn make(nix: &Nix, objects: &Objects) -> Vec<Utf8PathBuf> {
    let number = match objects {
        Objects::Built(expression) => return nix.build(expression),
        Objects::Small(number) => *number,
    };
    let files: Vec<_> = (0..number)
        .map(|number| {
            let file = nix.dir().join(format!("path-{number}"));
            fs::write(&file, format!("{number}\n")).expect("write");
            file
        })
        .collect();
    let mut add = nix.command("nix-store");
    let lines = add.arg("--add").args(files).run().success().lines();
    lines.into_iter().map(Utf8PathBuf::from).collect()
}

/// For each scope the costs of a push to an empty destination, and of one where all is there.
fn measure(product: &Product, load: &Load, destination: &str, paths: &[Utf8PathBuf]) {
    let mut times = [const { [Vec::new(), Vec::new()] }; 3];
    for _ in 0..load.rounds {
        for (scope, times) in SCOPES.iter().zip(&mut times) {
            product.write_config(&config(destination, scope, ""));
            empty(product);
            for times in times {
                enqueue(product, paths);
                let (begun, cpu) = (Instant::now(), cpu_seconds());
                product.run(&["push"]).success();
                times.push((begun.elapsed().as_secs_f64(), cpu_seconds() - cpu));
            }
        }
    }
    let place = destination.replace("@T@", "");
    for (what, index) in [("all new", 0), ("all there already", 1)] {
        let costs = [0, 1, 2].map(|scope: usize| times[scope][index].clone());
        print(&format!("{}, {place}, {what}", load.name), product, &costs);
    }
}

/// What each scope costs beside none.
fn print(what: &str, product: &Product, costs: &[Vec<(f64, f64)>; 3]) {
    let [off, entries, closure] = costs.each_ref().map(|costs| median(costs));
    figure(
        format!("check-contents, {what} (Nix {})", product.nix().version()),
        format!(
            "off {:.2} s, {:.2} s of them CPU; entries {:.2} times, CPU {:.2} times; \
             closure {:.2} times, CPU {:.2} times",
            off.0,
            off.1,
            entries.0 / off.0,
            entries.1 / off.1,
            closure.0 / off.0,
            closure.1 / off.1
        ),
    );
}

/// What all our children that ended used of the CPU, and theirs: it says more than the time where
/// the machine has other work. In `/proc/self/stat`, in hundredths (proc_pid_stat(5)).
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc");
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let ticks = fields.split(' ').skip(13).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().expect("a number") / 100.0)
        .sum()
}

fn empty(product: &Product) {
    for name in ["cache", "chroot"] {
        let directory = product.nix().dir().join(name);
        let mut chmod = std::process::Command::new("chmod");
        chmod.args(["-R", "u+w", directory.as_str()]).run();
        let _ = fs::remove_dir_all(directory);
    }
}

/// Of the times and of the CPU times, each by itself.
fn median(costs: &[(f64, f64)]) -> (f64, f64) {
    let middle = |of: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    (middle(|cost| cost.0), middle(|cost| cost.1))
}
