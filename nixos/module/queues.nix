# The queues as the configuration file has them. Units, directories and assertions read what is in
# there, not the options: `settings` may say something else.
{ lib, cfg }:
let
  describe = import ./destination.nix { inherit lib; };

  nameOfOurs =
    path:
    lib.showOption (
      [
        "services"
        "nix-post-build-push"
      ]
      ++ path
    );

  # What is null has the program's default, which for a limit is none.
  isSet = _: value: value != null;
  limits =
    queue:
    lib.filterAttrs isSet {
      max-entries = queue.limits.maxEntries;
      beyond-max-entries = queue.limits.beyondMaxEntries;
      max-age = queue.limits.maxAge;
      beyond-max-age = queue.limits.beyondMaxAge;
      max-pinned = queue.limits.maxPinned;
      beyond-max-pinned = queue.limits.beyondMaxPinned;
    };

  health =
    queue:
    lib.filterAttrs isSet {
      max-parked = queue.health.maxParked;
      max-age = queue.health.maxAge;
      max-unavailable = queue.health.maxUnavailable;
      max-pinned = queue.health.maxPinned;
      remember-losses = queue.health.rememberLosses;
    };

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
    // lib.filterAttrs isSet {
      inherit (queue) jobs timeout verify;
      check-contents = queue.checkContents;
      stall-timeout = queue.stallTimeout;
      retry-delay = queue.retryDelay;
      retry-max-delay = queue.retryMaxDelay;
      max-attempts = queue.maxAttempts;
      batch-size = queue.batchSize;
      metrics-file = if queue.metricsFile == null then null else toString queue.metricsFile;
    }
    // lib.optionalAttrs (limits queue != { }) { limits = limits queue; }
    // lib.optionalAttrs (health queue != { }) { health = health queue; };

  settled =
    attribute: queue:
    let
      overAll = cfg.settings.queues.${queue.name} or { };
      # The destination is not looked at where it is replaced: it need not be set.
      settings = table queue // queue.settings // overAll;
      nameOf =
        option:
        nameOfOurs (
          [
            "queues"
            attribute
          ]
          ++ lib.toList option
        );
      nameOfKey =
        key: option:
        if overAll ? ${key} then
          nameOfOurs [
            "settings"
            "queues"
            queue.name
            key
          ]
        else if queue.settings ? ${key} then
          nameOf [
            "settings"
            key
          ]
        else
          nameOf option;
      destinationIsOption = !(overAll ? destination || queue.settings ? destination);
    in
    {
      inherit (queue) name;
      inherit settings;
      options = queue;
      directory = settings.queue-dir;
      # Where the file for Prometheus is.
      metricsDirectories = map dirOf (lib.optional (settings ? metrics-file) settings.metrics-file);
      destination = describe settings.destination;
      secret = settings.destination.file or null;
      stateDir = cfg.settings.nix.state-dir or "/nix/var/nix";

      # The full name of an option of the queue, of what a key of its table has its value from, and
      # of what names the file of its secret.
      inherit nameOf nameOfKey;
      nameOfSecret =
        nameOfKey "destination" "destination" + (if destinationIsOption then "._secret" else ".file");
    };

  all = lib.mapAttrsToList settled cfg.queues;
  # What is no switch the program will refuse, with the place in the file.
  enabled = lib.filter (queue: queue.settings.enable == true) all;

  # What is left in a disabled queue can be listed and dropped. It need not have a destination.
  tableOf =
    queue:
    if queue.settings.enable == true then
      queue.settings
    else
      {
        inherit (queue.settings) enable queue-dir;
      };
in
{
  inherit all enabled nameOfOurs;

  # The configuration file.
  file = lib.recursiveUpdate { hook.on-error = cfg.hook.onError; } cfg.settings // {
    queues = lib.listToAttrs (map (queue: lib.nameValuePair queue.name (tableOf queue)) all);
  };

  # The full names of tables for queues that nobody would push.
  undeclared = map (
    name:
    nameOfOurs [
      "settings"
      "queues"
      name
    ]
  ) (lib.attrNames (removeAttrs (cfg.settings.queues or { }) (map (queue: queue.name) all)));
}
