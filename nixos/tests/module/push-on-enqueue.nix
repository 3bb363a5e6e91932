# Pushes that begin soon after something was queued.
{
  lib,
  ours,
  picked,
  test,
  pkgs,
  ...
}:
let
  eager = ours {
    defaults.pushOnEnqueue = true;
    queues = {
      main = {
        destination = "daemon";
        queueDir = "/srv/100% queue";
        pushOnEnqueueDelay = "1m 30s";
      };
      patient = {
        destination = "daemon";
        pushOnEnqueue = false;
      };
    };
  };
  gather = eager.systemd.services."nix-post-build-push-gather@main";
in
{
  cases = { inherit eager; };

  tests = {
    test_only_queues_that_want_it_are_watched = test (lib.attrNames eager.systemd.paths) [
      "nix-post-build-push-main"
    ];

    test_the_directory_of_the_queue_is_watched =
      test
        {
          inherit (eager.systemd.paths.nix-post-build-push-main) wantedBy pathConfig;
        }
        {
          wantedBy = [ "paths.target" ];
          pathConfig = {
            PathChanged = "/srv/100%% queue";
            Unit = "nix-post-build-push-gather@main.service";
          };
        };

    test_more_is_waited_for_before_the_push_is_started_and_not_waited_for =
      test
        [
          (picked [
            "Type"
            "ExecStart"
            "CapabilityBoundingSet"
            "PrivateNetwork"
            "ProtectHome"
            "RestrictAddressFamilies"
          ] gather.serviceConfig)
          gather.wantedBy
          gather.restartIfChanged
          gather.startLimitIntervalSec
        ]
        [
          {
            Type = "oneshot";
            CapabilityBoundingSet = "";
            PrivateNetwork = true;
            ProtectHome = true;
            RestrictAddressFamilies = [ "AF_UNIX" ];
            ExecStart = [
              "${pkgs.coreutils}/bin/sleep 1m 30s"
              "${pkgs.systemd}/bin/systemctl start --no-block nix-post-build-push-main.service"
            ];
          }
          [ ]
          false
          0
        ];

    test_the_timer_stays = test (lib.attrNames eager.systemd.timers) [
      "nix-post-build-push-main"
      "nix-post-build-push-patient"
    ];
  };

  errors =
    let
      refused = pushOnEnqueueDelay: {
        expr =
          (ours { queues.main = { inherit pushOnEnqueueDelay; }; })
          .services.nix-post-build-push.queues.main.pushOnEnqueueDelay;
        message = "services.nix-post-build-push.queues.main.pushOnEnqueueDelay' is not of type";
      };
    in
    {
      a_delay_is_what_sleep_understands = refused "5 sec; reboot";
      a_delay_is_made_of_numbers = refused "1.2.3s";
    };
}
