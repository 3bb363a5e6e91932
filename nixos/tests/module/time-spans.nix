# When a push begins: intervals and delays that are refused.
{
  lib,
  main,
  test,
  failing,
  ...
}:
let
  # systemd has the last word on them: nixos/check asks it.
  timeSpans = {
    good = [
      "0"
      "90"
      "5 5"
      "5 min"
      "1h30m"
      "1h 30min 2"
      "5m30"
      " 1.5hr "
      "1day 2days 1d"
      "1week 2weeks 1w"
      "1month 2months 1M"
      "1year 2years 1y"
      "1hour 2hours 1h"
      "1minute 2minutes 1m"
      "1second 2seconds 1sec 1s"
      "1msec 1ms 1usec 1us 1µs 1μs"
    ];
    bad = [
      "soon"
      "5."
      "5S"
      "3mins"
      "12.34.56"
      "1h, 30m"
      "1 sec s"
      "-5s"
      "*-*-* 3:00"
      "daily"
    ];
  };

  said = queue: failing (main ({ destination = "daemon"; } // queue));
  noTimeSpan =
    option: value:
    "services.nix-post-build-push.queues.main.${option} is \"${value}\", which is not a time span: write \"10m\" or \"1h 30min\", as systemd.time(7) has it.";
  without = lib.filter (value: value != "0") timeSpans.good;
in
{
  inherit timeSpans;

  tests = {
    test_time_spans_of_systemd_are_intervals_and_delays = test (map (
      value:
      said {
        interval = value;
        randomizedDelaySec = value;
      }
    ) without) (map (_: [ ]) without);

    test_what_systemd_would_ignore_is_refused_as_an_interval = test (map (
      interval: said { inherit interval; }
    ) timeSpans.bad) (map (value: [ (noTimeSpan "interval" value) ]) timeSpans.bad);

    test_what_systemd_would_ignore_is_refused_as_a_delay = test (map (
      randomizedDelaySec: said { inherit randomizedDelaySec; }
    ) timeSpans.bad) (map (value: [ (noTimeSpan "randomizedDelaySec" value) ]) timeSpans.bad);

    test_an_interval_without_a_pause_is_refused =
      test
        (map (interval: said { inherit interval; }) [
          "0"
          "0.0h 0s"
          "0.01h"
        ])
        [
          [
            "services.nix-post-build-push.queues.main.interval is \"0\": pushes would follow one another without a pause."
          ]
          [
            "services.nix-post-build-push.queues.main.interval is \"0.0h 0s\": pushes would follow one another without a pause."
          ]
          [ ]
        ];

    test_a_delay_may_be_none = test (said { randomizedDelaySec = "0"; }) [ ];
  };
}
