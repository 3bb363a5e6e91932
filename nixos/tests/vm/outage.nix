# The destination goes away, and comes back.
{
  name = "nix-post-build-push-outage";

  nodes = {
    cache = ./cache.nix;
    machine = ./pusher.nix;
  };

  testScript = ''
    ${import ./build.nix}
    start_all()
    cache.wait_for_open_port(22)
    machine.wait_for_unit("multi-user.target")

    with subtest("a build does not notice that the destination is away"):
        cache.crash()
        path = build("greeting")
        machine.wait_until_succeeds("systemctl is-failed nix-post-build-push-main.service")
        t.assertIn(path, queued())

    with subtest("what was queued arrives when it is back, without help"):
        cache.start()
        wait_until_pushed()
        for part in closure(path):
            cache.succeed(f"nix-store --check-validity {part}")
  '';
}
