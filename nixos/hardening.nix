# What no service of ours needs, and therefore none may do. units/rights.nix says what a push may do
# beyond it. Each directive was tried on a whole machine (tests/machine).
{
  ProtectSystem = "strict";
  PrivateTmp = true;
  # A service that only starts another one needs no more than its manager's socket.
  PrivateNetwork = true;
  RestrictAddressFamilies = [ "AF_UNIX" ];

  AmbientCapabilities = "";
  CapabilityBoundingSet = "";
  NoNewPrivileges = true;
  RestrictSUIDSGID = true;

  SystemCallArchitectures = "native";
  SystemCallFilter = [
    "@system-service"
    "~@privileged @resources"
  ];
  # Refused, not killed: Nix tries to raise the limit of its stack, and goes on without.
  SystemCallErrorNumber = "EPERM";

  # ProcSubset=pid is missing: the garbage collector of Nix's memory complains of no /proc/stat.
  ProtectProc = "invisible";

  DevicePolicy = "closed";
  KeyringMode = "private";
  LockPersonality = true;
  MemoryDenyWriteExecute = true;
  PrivateDevices = true;
  PrivateIPC = true;
  ProtectClock = true;
  ProtectControlGroups = true;
  ProtectHome = true;
  ProtectHostname = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  RemoveIPC = true;
  RestrictNamespaces = true;
  RestrictRealtime = true;
}
