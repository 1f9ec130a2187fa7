/// HTML character references: `&amp;`, `&#233;`, `&#xE9;`. The named ones are those of HTML 4.01, section 24.
enum HTMLEntities {
    /// The character and the end of the reference at `start`, an ampersand; nil if it is not a reference.
    static func reference(in bytes: [UInt8], at start: Int) -> (scalar: Unicode.Scalar, end: Int)? {
        guard start + 1 < bytes.count else { return nil }
        return bytes[start + 1] == UInt8(ascii: "#") ? numeric(bytes, start + 2) : named(bytes, start + 1)
    }

    private static func numeric(_ bytes: [UInt8], _ start: Int) -> (Unicode.Scalar, Int)? {
        var index = start
        var radix: UInt32 = 10
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "x") {
            radix = 16
            index += 1
        }
        let first = index
        var value: UInt32 = 0
        while index < bytes.count, let digit = digit(bytes[index]), digit < radix {
            // Clamp the value just beyond Unicode's range.
            value = min(value * radix + digit, 0x11_0000)
            index += 1
        }
        guard index > first else { return nil }
        if index < bytes.count, bytes[index] == UInt8(ascii: ";") { index += 1 }
        if (0x80...0x9F).contains(value) { return (Windows1252.scalar(UInt8(value)), index) }
        guard value != 0, let scalar = Unicode.Scalar(value) else { return ("\u{FFFD}", index) }
        return (scalar, index)
    }

    private static func named(_ bytes: [UInt8], _ start: Int) -> (Unicode.Scalar, Int)? {
        var index = start
        while index < bytes.count, index - start < 10, isNameByte(bytes[index]) { index += 1 }
        guard index > start else { return nil }
        let name = String(decoding: bytes[start..<index], as: UTF8.self)
        let isClosed = index < bytes.count && bytes[index] == UInt8(ascii: ";")
        // Old pages omit the semicolon after these.
        guard isClosed || ["amp", "lt", "gt", "quot", "nbsp", "copy", "reg"].contains(name) else { return nil }
        return table[name].map { ($0, isClosed ? index + 1 : index) }
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static let table: [String: Unicode.Scalar] = {
        var table: [String: Unicode.Scalar] = [:]
        for (name, value) in zip(latin1.split(separator: " "), UInt32(160)...) {
            table[String(name)] = Unicode.Scalar(value)
        }
        for (first, names) in runs {
            for (name, value) in zip(names.split(separator: " "), first...) where name != "-" {
                table[String(name)] = Unicode.Scalar(value)
            }
        }
        return table
    }()

    /// The names from U+00A0 on, without a gap.
    private static let latin1 = """
        nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
        micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig \
        Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash \
        Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
        ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc \
        uuml yacute thorn yuml
        """

    /// Runs of names from a first character on; `-` marks a character without a name.
    private static let runs: [(UInt32, String)] = [
        (0x22, "quot"), (0x26, "amp apos"), (0x3C, "lt"), (0x3E, "gt"), (0x152, "OElig oelig"),
        (0x160, "Scaron scaron"), (0x178, "Yuml"), (0x192, "fnof"), (0x2C6, "circ"), (0x2DC, "tilde"),
        (
            0x391,
            "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho - Sigma Tau "
                + "Upsilon Phi Chi Psi Omega"
        ),
        (
            0x3B1,
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma tau "
                + "upsilon phi chi psi omega"
        ),
        (0x3D1, "thetasym upsih"), (0x3D6, "piv"), (0x2002, "ensp emsp"), (0x2009, "thinsp"),
        (0x200C, "zwnj zwj lrm rlm"), (0x2013, "ndash mdash"), (0x2018, "lsquo rsquo sbquo - ldquo rdquo bdquo"),
        (0x2020, "dagger Dagger bull"), (0x2026, "hellip"), (0x2030, "permil"), (0x2032, "prime Prime"),
        (0x2039, "lsaquo rsaquo"), (0x203E, "oline"), (0x2044, "frasl"), (0x20AC, "euro"), (0x2111, "image"),
        (0x2118, "weierp"), (0x211C, "real"), (0x2122, "trade"), (0x2135, "alefsym"),
        (0x2190, "larr uarr rarr darr harr"), (0x21B5, "crarr"), (0x21D0, "lArr uArr rArr dArr hArr"),
        (0x2200, "forall"), (0x2202, "part exist"), (0x2205, "empty"), (0x2207, "nabla isin notin"), (0x220B, "ni"),
        (0x220F, "prod"), (0x2211, "sum minus"), (0x2217, "lowast"), (0x221A, "radic"), (0x221D, "prop infin"),
        (0x2220, "ang"), (0x2227, "and or cap cup int"), (0x2234, "there4"), (0x223C, "sim"), (0x2245, "cong"),
        (0x2248, "asymp"), (0x2260, "ne equiv"), (0x2264, "le ge"), (0x2282, "sub sup nsub"), (0x2286, "sube supe"),
        (0x2295, "oplus"), (0x2297, "otimes"), (0x22A5, "perp"), (0x22C5, "sdot"),
        (0x2308, "lceil rceil lfloor rfloor"), (0x2329, "lang rang"), (0x25CA, "loz"), (0x2660, "spades"),
        (0x2663, "clubs"), (0x2665, "hearts diams"),
    ]
}
