# The units of some queues.
{
  config,
  lib,
  pkgs,
}:
queues:
let
  push = import ./push.nix { inherit config lib; };
  watch = import ./watch.nix { inherit config lib pkgs; };
  watched = lib.filter (queue: queue.options.pushOnEnqueue) queues;

  units =
    name: unit: queues:
    lib.listToAttrs (map (queue: lib.nameValuePair (name queue) (unit queue)) queues);
in
{
  services =
    units (queue: queue.options.serviceName) (queue: (push queue).service) queues
    // units (queue: (watch queue).name) (queue: (watch queue).service) watched;
  timers = units (queue: queue.options.timerName) (queue: (push queue).timer) queues;
  paths = units (queue: queue.options.serviceName) (queue: (watch queue).path) watched;
}
