# What starts a push when something was queued.
#
# A path unit does not watch while the service that it started runs, so it does not start the push:
# it starts another service that waits for more, starts the push, and is gone before that ends. So
# what is queued during a push is seen. A push that fails leaves the directory as it is, and starts
# nothing.
{
  config,
  lib,
  pkgs,
}:
queue:
let
  escape = import ../escape.nix { inherit lib; };
  inherit (queue) options;
in
{
  # No queue is called like this, since a name has no "@".
  name = "nix-post-build-push-gather@${queue.name}";

  path = {
    description = "Watch on the queue ${queue.name} of nix-post-build-push";
    wantedBy = [ "paths.target" ];
    pathConfig = {
      PathChanged = escape.specifiers queue.directory;
      Unit = "nix-post-build-push-gather@${queue.name}.service";
    };
  };

  service = {
    description = "Wait for more in the queue ${queue.name} of nix-post-build-push";
    restartIfChanged = false;
    # A path unit gives up when its service is started too often.
    startLimitIntervalSec = 0;
    serviceConfig = import ../hardening.nix // {
      # No more is needed than the socket of systemd.
      CapabilityBoundingSet = "";
      PrivateNetwork = true;
      PrivateTmp = true;
      ProtectHome = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
      SystemCallFilter = [
        "@system-service"
        "~@privileged @resources"
      ];

      Type = "oneshot";
      ExecStart = [
        "${lib.getBin pkgs.coreutils}/bin/sleep ${options.pushOnEnqueueDelay}"
        "${lib.getBin config.systemd.package}/bin/systemctl start --no-block ${options.serviceName}.service"
      ];
    };
  };
}
