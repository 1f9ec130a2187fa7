/// The page's style sheet: two colour schemes, aligned digits, one column on narrow screens.
package enum ReportStyle {
    package static let css =
        PlotStyle.css + """
            :root{color-scheme:light dark;--border:#e1e4e8;--surface:#f7f8f9;--accent:#0b5cad;--warning:#8a4b00}
            @media (prefers-color-scheme:dark){:root{--border:#2e333a;--surface:#1d2025;--accent:#83bdf5;\
            --warning:#f0b35f}}
            *{box-sizing:border-box}
            html{-webkit-text-size-adjust:100%}
            body{overflow-wrap:break-word;margin:0 auto;padding:40px 28px 64px;max-width:1120px;background:var(--plot-page);\
            color:var(--plot-text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
            h1{font-size:28px;line-height:1.2;font-weight:650;margin:0 0 10px;overflow-wrap:anywhere;\
            letter-spacing:-.01em}
            h2{font-size:19px;font-weight:650;margin:56px 0 14px;letter-spacing:-.005em}
            h3{font-size:15px;font-weight:650;margin:32px 0 10px}
            p{margin:0 0 12px;max-width:75ch}
            .kind{font-size:13px;color:var(--plot-muted);margin:0 0 6px}
            .lead{font-size:16px;margin:0 0 22px}
            .note,footer,figcaption,small{color:var(--plot-muted)}
            .note{font-size:13px;max-width:82ch}
            .warning{color:var(--warning);font-size:14px}
            footer{margin-top:64px;padding-top:16px;border-top:1px solid var(--border);font-size:13px}
            .settings{display:grid;grid-template-columns:repeat(auto-fill,minmax(168px,1fr));gap:14px 24px;margin:0 0 20px;\
            padding:18px 0;border:solid var(--border);border-width:1px 0}
            .settings dt{font-size:12.5px;color:var(--plot-muted)}
            .settings dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
            .settings dd[title]{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;\
            font-size:13.5px;line-height:1.7;cursor:help}
            details{margin:14px 0}
            summary{cursor:pointer;color:var(--accent);width:fit-content}
            .warning summary{color:inherit}
            :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
            .scroll{position:relative;overflow-x:auto;margin:0 0 10px}
            table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;width:auto;\
            min-width:min(100%,680px)}
            caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
            th,td{text-align:left;vertical-align:top;padding:8px 26px 8px 0;border-bottom:1px solid var(--border);\
            font-weight:400}
            th:last-child,td:last-child{padding-right:2px}
            thead th{font-size:12.5px;color:var(--plot-muted);vertical-align:bottom;border-bottom-color:var(--plot-muted)}
            tbody th{font-weight:600;white-space:nowrap}
            .number{text-align:right;white-space:nowrap}
            thead .number{white-space:normal}
            td small{display:block;font-size:12px;line-height:1.3}
            strong{font-weight:650}
            .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:32px 44px;\
            align-items:start;margin:24px 0}
            .figures.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:28px 32px}
            figure{margin:0;max-width:620px}
            .plot{display:block;width:100%;height:auto}
            figcaption{font-size:13px;margin-top:6px}

            """ + browser

    private static let browser = """
        .controls{display:flex;flex-wrap:wrap;gap:10px 14px;align-items:end;margin:0 0 12px}
        .controls label{font-size:12.5px;color:var(--plot-muted);display:grid;grid-template-columns:minmax(0,1fr);gap:3px;\
        min-width:0;max-width:100%}
        .controls .search{flex:1 1 240px}
        input,select,button{font:inherit;color:inherit}
        input,select{background:var(--plot-page);border:1px solid var(--plot-muted);border-radius:5px;padding:6px 9px;\
        font-size:14px;min-width:0;width:100%;height:36px;color:var(--plot-text)}
        #status{font-size:13px;color:var(--plot-muted);margin:0 0 6px}
        ol{list-style:none;margin:0;padding:0}
        .row{display:flex;gap:16px;align-items:center;width:100%;padding:9px 6px;text-align:left;background:none;border:0;\
        border-bottom:1px solid var(--border)}
        button.row{cursor:pointer;border-radius:0}
        button.row:hover,button.row[aria-expanded=true]{background:var(--surface)}
        .row .question{flex:1;min-width:0;overflow:hidden;display:-webkit-box;-webkit-box-orient:vertical;\
        -webkit-line-clamp:2;overflow-wrap:anywhere;unicode-bidi:plaintext}
        .row .scores{display:flex;gap:4px;flex:none}
        .score{display:block;width:84px;padding:2px 8px;border-radius:4px;text-align:right;font-size:13px;\
        font-variant-numeric:tabular-nums;background:color-mix(in srgb,var(--heat) 38%,var(--plot-page))}
        .score.absent{background:none;color:var(--plot-muted)}
        .score b{display:none;font-weight:400}
        .head{font-size:12.5px;color:var(--plot-muted);border-bottom-color:var(--plot-muted);padding-bottom:5px}
        .head .score{background:none;color:inherit;font-size:12.5px}
        .detail{padding:16px 6px 28px;border-bottom:1px solid var(--border)}
        .detail p.text,.answer{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext}
        .detail h4{font-size:12.5px;font-weight:400;color:var(--plot-muted);margin:14px 0 3px}
        .detail ul{margin:0;padding-left:18px}
        .detail li{overflow-wrap:anywhere;unicode-bidi:plaintext}
        .meta{font-size:13px;color:var(--plot-muted);overflow-wrap:anywhere}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,230px),1fr));gap:14px;margin-top:16px}
        .card{border:1px solid var(--border);border-top:3px solid currentColor;border-radius:4px;padding:12px 14px;\
        min-width:0}
        .card>*{color:var(--plot-text)}
        .card h5{display:flex;justify-content:space-between;align-items:center;gap:8px;margin:0 0 8px;font-size:14px;\
        font-weight:650}
        .card h5 .score{width:auto;font-weight:400}
        .card .answer{margin:0 0 10px}
        .card .empty{color:var(--plot-muted)}
        .card dl{display:grid;grid-template-columns:auto 1fr;gap:1px 12px;margin:0;font-size:13px}
        .card dt{color:var(--plot-muted)}
        .card dd{margin:0;text-align:right;font-variant-numeric:tabular-nums}
        .card details{margin:10px 0 0;font-size:13px}
        blockquote{margin:6px 0 12px;padding:0 0 0 10px;border-left:2px solid var(--border);white-space:pre-wrap;\
        overflow-wrap:anywhere;unicode-bidi:plaintext;max-height:16em;overflow-y:auto}
        .source{color:var(--plot-muted);margin:8px 0 0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
        #more{margin:18px 0;padding:7px 16px;background:none;border:1px solid var(--plot-muted);border-radius:5px;\
        cursor:pointer}
        @media (max-width:640px){
        body{padding:24px 16px 48px}
        h1{font-size:24px}
        h2{margin-top:44px}
        .row{flex-direction:column;align-items:stretch;gap:6px}
        #head{display:none}
        .row .scores{flex-wrap:wrap}
        .score{width:auto}
        .row .score b{display:inline}
        .settings{grid-template-columns:1fr 1fr}
        .controls label{flex:1 1 44%}
        }
        @media print{#browser{display:none}body{max-width:none;padding:0}}

        """
}
