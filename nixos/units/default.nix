# The units of some queues.
{
  config,
  lib,
  pkgs,
}:
queues:
let
  push = import ./push.nix { inherit config lib; };
  enqueue = import ./enqueue.nix { inherit config lib pkgs; };
  watched = lib.filter (queue: queue.option.pushOnEnqueue) queues;

  units =
    name: unit: queues:
    lib.listToAttrs (map (queue: lib.nameValuePair (name queue) (unit queue)) queues);
in
{
  services =
    units (queue: queue.option.serviceName) (queue: (push queue).service) queues
    // units (queue: (enqueue queue).name) (queue: (enqueue queue).service) watched;
  timers = units (queue: queue.option.timerName) (queue: (push queue).timer) queues;
  paths = units (queue: queue.option.serviceName) (queue: (enqueue queue).path) watched;
}
