# Time spans, as systemd.time(7) has them.
let
  # Both letters that look like µ.
  units = [
    "usec|us|µs|μs"
    "msec|ms"
    "seconds?|sec|s"
    "minutes?|min|m"
    "hours?|hr|h"
    "days?|d"
    "weeks?|w"
    "months?|M"
    "years?|y"
  ];
  number = "[0-9]+([.][0-9]+)?";
  unit = "(${builtins.concatStringsSep "|" units})";
  # Something has to end a number before another: else this would not be decided in linear time.
  others = "(${number}( *${unit} *| +))*";
in
rec {
  # Without a unit, a number counts seconds.
  matches = text: builtins.match " *${others}${number} *${unit}? *" text != null;
  isZero = text: matches text && builtins.match "[^1-9]*" text != null;
}
