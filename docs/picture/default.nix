# A program, the libraries that it needs, and a site made by it: random bytes, so that nothing of them
# is saved by compressing.
let
  drv =
    name: kilobytes: needs:
    derivation {
      inherit name needs;
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [
        "-c"
        "PATH=/usr/bin:/bin; mkdir $out; head -c ${toString kilobytes}k /dev/urandom > $out/content; echo $needs > $out/needs"
      ];
    };
  zlib = drv "zlib-1.3.1" 300 [ ];
  openssl = drv "openssl-3.6.0" 6000 [ zlib ];
  fonts = drv "fonts-2026" 9000 [ ];
  generator = drv "generator-0.9" 4000 [
    openssl
    zlib
  ];
in
drv "site-1.4" 5000 [
  generator
  fonts
]
