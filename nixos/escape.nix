# Texts in the files of systemd.
{ lib }:
rec {
  # A percent sign begins a specifier.
  specifiers = lib.replaceStrings [ "%" ] [ "%%" ];

  # In a tmpfiles rule, blanks separate fields, and fields may have quotes and escapes in them.
  tmpfiles =
    path:
    lib.replaceStrings
      [
        "\\"
        " "
        "\""
        "'"
      ]
      [
        "\\\\"
        "\\x20"
        "\\\""
        "\\'"
      ]
      (specifiers path);
}
