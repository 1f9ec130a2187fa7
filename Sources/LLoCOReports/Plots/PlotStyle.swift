import Foundation

/// The colours and fonts of plots, for light and dark pages.
///
/// Series use Okabe and Ito's palette for colour-blind readers, darkened or lightened to a contrast of at least 3 : 1
/// with the page. Each series also has its own marker and dash.
public enum PlotStyle {
    /// An RGB colour with components 0...255.
    package struct Color: Equatable, Sendable {
        package var red: Double
        package var green: Double
        package var blue: Double

        package init(_ hexadecimal: UInt32) {
            red = Double(hexadecimal >> 16 & 255)
            green = Double(hexadecimal >> 8 & 255)
            blue = Double(hexadecimal & 255)
        }

        private init(_ red: Double, _ green: Double, _ blue: Double) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }

        package var css: String { String(format: "#%02x%02x%02x", Int(red), Int(green), Int(blue)) }

        package func mixed(with other: Color, _ share: Double) -> Color {
            func mix(_ a: Double, _ b: Double) -> Double { (a + (b - a) * share).rounded() }
            return Color(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
        }

        /// The contrast ratio of WCAG 2, 1...21.
        package func contrast(to other: Color) -> Double {
            let (a, b) = (luminance, other.luminance)
            return (max(a, b) + 0.05) / (min(a, b) + 0.05)
        }

        private var luminance: Double {
            func linear(_ value: Double) -> Double {
                let share = value / 255
                return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        }
    }

    /// The colours of the light or the dark scheme.
    package struct Scheme: Sendable {
        package var page: Color
        package var text: Color
        package var muted: Color
        package var grid: Color
        package var series: [Color]
        /// The heat map colours for the lowest, middle and highest value.
        package var heat: [Color]

        package static let light = Scheme(
            page: Color(0xffffff), text: Color(0x1d2025), muted: Color(0x5a616b), grid: Color(0xe6e8eb),
            series: [0x0072b2, 0xc2410c, 0x008460, 0xa8478a, 0x8a6d00, 0x4b5563].map { Color($0) },
            heat: [Color(0xf1f4f8), Color(0x6aa3d5), Color(0x08306b)])
        package static let dark = Scheme(
            page: Color(0x16181c), text: Color(0xe7e9ec), muted: Color(0xa2a9b3), grid: Color(0x2e333a),
            series: [0x56b4e9, 0xf19a5b, 0x36c598, 0xe08fc0, 0xd9b83a, 0xaab2bd].map { Color($0) },
            heat: [Color(0x23272d), Color(0x2f6ea8), Color(0xcfe6ff)])

        package func heat(_ step: Int) -> Color {
            let place = Double(step) / Double(PlotStyle.heatSteps - 1) * Double(heat.count - 1)
            let below = min(Int(place), heat.count - 2)
            return heat[below].mixed(with: heat[below + 1], place - Double(below))
        }

        /// The text colour of a cell: near-black or white, whichever has more contrast.
        package func heatText(_ step: Int) -> Color {
            let cell = heat(step)
            let (dark, light) = (Color(0x0b0d10), Color(0xffffff))
            return cell.contrast(to: dark) > cell.contrast(to: light) ? dark : light
        }

        fileprivate var variables: String {
            var css = "--plot-page:\(page.css);--plot-text:\(text.css);--plot-muted:\(muted.css);"
            css += "--plot-grid:\(grid.css);"
            for (index, color) in series.enumerated() { css += "--series-\(index):\(color.css);" }
            for step in 0..<PlotStyle.heatSteps {
                css += "--heat-\(step):\(heat(step).css);--heat-text-\(step):\(heatText(step).css);"
            }
            return css
        }
    }

    /// Number of distinct series styles; further series repeat them.
    package static let seriesCount = Scheme.light.series.count
    /// Number of colours in a heat map.
    package static let heatSteps = 11

    /// The CSS class of a cell for a share 0...1.
    static func heatClass(_ share: Double) -> String {
        "heat-\(min(heatSteps - 1, max(0, Int((share * Double(heatSteps - 1)).rounded()))))"
    }

    static func seriesClass(_ style: Int) -> String {
        "series-\(((style % seriesCount) + seriesCount) % seriesCount)"
    }

    /// The style sheet of a page with plots.
    public static let css: String = {
        var css = ":root{\(Scheme.light.variables)}\n"
        css += "@media (prefers-color-scheme:dark){:root{\(Scheme.dark.variables)}}\n"
        css += """
            .plot text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;\
            font-size:12px;font-variant-numeric:tabular-nums;fill:var(--plot-muted)}
            .plot .plot-name{fill:var(--plot-text)}
            .plot .plot-grid{stroke:var(--plot-grid);stroke-width:1}
            .plot .plot-axis{stroke:var(--plot-muted);stroke-width:1}
            .plot .plot-halo{stroke:var(--plot-page);stroke-width:1.5}
            .plot .plot-cell rect{fill:var(--heat)}
            .plot .plot-cell text{fill:var(--heat-text);font-size:11px}

            """
        for index in 0..<seriesCount { css += ".series-\(index){color:var(--series-\(index))}\n" }
        for step in 0..<heatSteps {
            css += ".heat-\(step){--heat:var(--heat-\(step));--heat-text:var(--heat-text-\(step))}\n"
        }
        return css
    }()

    /// Additional styles of an `.svg` file.
    static let fileCSS = ".plot{background:var(--plot-page)}\n"
}
