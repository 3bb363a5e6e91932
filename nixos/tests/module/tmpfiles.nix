# What systemd-tmpfiles makes.
{
  ours,
  test,
  ...
}:
let
  awkward = ours {
    queues = {
      main = {
        destination = "file:///srv/my%20cache%x?compression=none";
        queueDir = ''/srv/my 100% "queue" \ it's [a]*?'';
        user = "cache";
        group = "builders";
      };
      chroot = {
        destination = "/srv/store?require-sigs=false";
        settings.queue-dir = "/srv/settled";
      };
      root.destination = "local?read-only=false&root=/srv/my%20root%2f";
      chroot2.destination = "/srv/a%20b";
      daemon.destination = "daemon";
      measured = {
        destination = "daemon";
        settings.metrics-file = "/srv/my metrics/measured.prom";
        user = "cache";
        group = "builders";
      };
    };
  };
in
{
  cases = { inherit awkward; };

  tests.test_queues_belong_to_their_accounts_and_local_destinations_are_left_alone =
    test awkward.systemd.tmpfiles.rules
      [
        "d /srv/settled 0755 root root - -"
        "Z /srv/settled - root root - -"
        "d /srv/store :0755 :root :root - -"
        "d /var/lib/nix-post-build-push/chroot2 0755 root root - -"
        "Z /var/lib/nix-post-build-push/chroot2 - root root - -"
        "d /srv/a%%20b :0755 :root :root - -"
        "d /var/lib/nix-post-build-push/daemon 0755 root root - -"
        "Z /var/lib/nix-post-build-push/daemon - root root - -"
        ''d /srv/my\x20100%%\x20\"queue\"\x20\\\x20it\'s\x20[a]*? 0755 cache builders - -''
        ''Z /srv/my\x20100%%\x20\"queue\"\x20\\\\\x20it\'s\x20\\[a]\\*\\? - cache builders - -''
        ''d /srv/my\x20cache%%x :0755 :cache :builders - -''
        "d /var/lib/nix-post-build-push/measured 0755 cache builders - -"
        "Z /var/lib/nix-post-build-push/measured - cache builders - -"
        ''d /srv/my\x20metrics :0755 :cache :builders - -''
        "d /var/lib/nix-post-build-push/root 0755 root root - -"
        "Z /var/lib/nix-post-build-push/root - root root - -"
        ''d /srv/my\x20root/ :0755 :root :root - -''
      ];

  # Those are there afterwards, and whose they are; nixos/check makes them.
  made.awkward = {
    queues = [
      ''cache builders /srv/my 100% "queue" \ it's [a]*?''
      "root root /srv/settled"
      "root root /var/lib/nix-post-build-push/daemon"
    ];
    destinations = [
      "alice builders /srv/store"
      "cache builders /srv/my cache%x"
      "root root /srv/a%20b"
      "root root /srv/my root"
    ];
  };
}
