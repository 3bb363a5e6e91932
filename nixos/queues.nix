# The queues as the configuration file has them. Units, directories and assertions read what is in
# there, not the options: `settings` may say something else.
{ lib, cfg }:
let
  describe = import ./destination.nix { inherit lib; };

  ofUs =
    option:
    lib.showOption (
      [
        "services"
        "nix-post-build-push"
      ]
      ++ option
    );

  # In the words of the program.
  table =
    queue:
    {
      inherit (queue) enable;
      # Root can read the file, so it can push by hand; the service has a credential.
      destination =
        if builtins.isAttrs queue.destination then
          { file = toString queue.destination._secret; }
        else
          toString queue.destination;
      queue-dir = toString queue.queueDir;
      closure-type = queue.closureType;
      check-sigs = queue.checkSigs;
      substitute-on-destination = queue.substituteOnDestination;
      nix-opts = queue.nixOpts;
    }
    // lib.filterAttrs (_: value: value != null) {
      inherit (queue) timeout verify;
      stall-timeout = queue.stallTimeout;
      retry-delay = queue.retryDelay;
      retry-max-delay = queue.retryMaxDelay;
      max-attempts = queue.maxAttempts;
      batch-size = queue.batchSize;
    };

  settled =
    attribute: queue:
    let
      overAll = cfg.settings.queues.${queue.name} or { };
      # The destination is not looked at where it is replaced: it need not be set.
      settings = table queue // queue.settings // overAll;
      fullName =
        option:
        ofUs (
          [
            "queues"
            attribute
          ]
          ++ lib.toList option
        );
    in
    {
      inherit (queue) name;
      inherit settings;
      option = queue;
      directory = settings.queue-dir;
      destination = describe settings.destination;
      secret = settings.destination.file or null;
      stateDir = cfg.settings.nix.state-dir or "/nix/var/nix";

      # Whether a key has its value from an option of its own, and the full name of what it is from.
      isOption = key: !(overAll ? ${key} || queue.settings ? ${key});
      origin =
        key: option:
        if overAll ? ${key} then
          ofUs [
            "settings"
            "queues"
            queue.name
            key
          ]
        else if queue.settings ? ${key} then
          fullName [
            "settings"
            key
          ]
        else
          fullName option;
      inherit fullName;
    };

  all = lib.mapAttrsToList settled cfg.queues;
  enabled = lib.filter (queue: queue.settings.enable) all;
in
{
  inherit enabled;

  # The configuration file. A disabled queue may have no destination, and has no place in it.
  file = lib.recursiveUpdate { hook.on-error = cfg.hook.onError; } cfg.settings // {
    queues = lib.listToAttrs (map (queue: lib.nameValuePair queue.name queue.settings) enabled);
  };

  # The full names of tables for queues that nobody would push.
  undeclared = map (
    name:
    ofUs [
      "settings"
      "queues"
      name
    ]
  ) (lib.attrNames (removeAttrs (cfg.settings.queues or { }) (map (queue: queue.name) all)));
}
