# A machine without Nix gets nothing, whatever queues are declared.
{
  name = "nix-post-build-push-without-nix";

  nodes.machine = {
    nix.enable = false;
    services.nix-post-build-push.queues.main.destination = "file:///srv/cache";
  };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.fail("systemctl cat nix-post-build-push-main.service")
    machine.fail("systemctl cat nix-post-build-push-main.timer")
    machine.fail("test -e /etc/nix-post-build-push")
    machine.fail("test -e /var/lib/nix-post-build-push")
    machine.fail("type -P nix-post-build-push")
  '';
}
