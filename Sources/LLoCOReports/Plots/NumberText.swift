import Foundation

/// Number formats of reports and plots. Non-finite values become a dash.
package enum NumberText {
    static let absent = "–"

    /// A number with `digits` decimals and commas between thousands.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return value.isFinite ? shortest(value) : absent }
        let text = String(format: "%.\(digits)f", abs(value))
        let parts = text.split(separator: ".", maxSplits: 1)
        let isZero = !text.contains { $0 != "0" && $0 != "." }
        return (value < 0 && !isZero ? "−" : "") + grouped(parts[0]) + (parts.count > 1 ? "." + parts[1] : "")
    }

    /// ``fixed(_:_:)`` with a plus sign for positive values.
    package static func signed(_ value: Double, _ digits: Int) -> String {
        let text = fixed(value, digits)
        return value > 0 && text.contains { ("1"..."9").contains($0) } ? "+" + text : text
    }

    /// An integer with commas between thousands.
    package static func count(_ value: Int) -> String {
        (value < 0 ? "−" : "") + grouped(Substring(String(value.magnitude)))
    }

    /// A share 0...1 in percent.
    package static func percent(_ share: Double) -> String {
        share == 0 ? "0 %" : fixed(100 * share, 1) + " %"
    }

    /// A p value with three decimals, the resolution of the resampling.
    package static func probability(_ p: Double) -> String {
        p < 0.001 ? "< 0.001" : fixed(p, 3)
    }

    /// Seconds with three significant digits, but not finer than milliseconds.
    package static func seconds(_ value: Double) -> String {
        fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3)
    }

    /// A tick label: 0.002, 50, 2,000, 20k, 131,072, 3M.
    package static func tick(_ value: Double) -> String {
        let size = abs(value)
        return switch size {
        case 1e9...: shortest(value)
        case 1e6... where value.remainder(dividingBy: 1e5) == 0: shortest(value / 1e6) + "M"
        case 1e4... where value.remainder(dividingBy: 100) == 0: shortest(value / 1e3) + "k"
        case 1e3...: fixed(value, value == value.rounded() ? 0 : 1)
        default: shortest(value)
        }
    }

    /// An SVG coordinate, rounded to a tenth of a pixel.
    package static func coordinate(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let tenths = (value * 10).rounded()
        guard abs(tenths) < 1e9 else { return "0" }
        let whole = Int(tenths)
        let (integer, fraction) = (abs(whole) / 10, abs(whole) % 10)
        return (whole < 0 ? "-" : "") + "\(integer)" + (fraction == 0 ? "" : ".\(fraction)")
    }

    private static func shortest(_ value: Double) -> String {
        guard value.isFinite else { return absent }
        return String(format: "%.6g", value == 0 ? 0 : value).replacing("-", with: "−")
    }

    private static func grouped(_ digits: Substring) -> String {
        guard digits.count > 3 else { return String(digits) }
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }
}
