# A stand-in for nixpkgs' lib, where there is no nixpkgs: the functions that the module and its
# tests use, and as much of the module system. It was written from the manual of nixpkgs;
# ../lib-tests run on both and show that they agree.
let
  lib =
    import ./attrsets.nix { inherit lib; }
    // import ./lists.nix
    // import ./strings.nix { inherit lib; }
    // import ./properties.nix { inherit lib; }
    // import ./options.nix { inherit lib; }
    // import ./modules.nix { inherit lib; }
    // import ./debug.nix { inherit lib; }
    // {
      types = import ./types.nix { inherit lib; };
      generators = import ./generators.nix { inherit lib; };
    };
in
lib
