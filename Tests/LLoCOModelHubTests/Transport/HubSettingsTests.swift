import Foundation
import LLoCOModelHub
import Testing

@Suite struct HubSettingsTests {
    @Test func defaultsAreHuggingFaces() throws {
        let settings = try HubSettings(environment: [:])
        #expect(settings.endpoint.absoluteString == "https://huggingface.co")
        #expect(settings.token == nil && !settings.isOffline)
        let other = try HubSettings(environment: [
            "HF_ENDPOINT": "http://mirror.example:8080/hub//", "HF_TOKEN": " t\n",
        ])
        #expect(other.endpoint.absoluteString == "http://mirror.example:8080/hub" && other.token?.secret == "t")
    }

    @Test(arguments: [
        "ftp://x", "huggingface.co", "https://", "https://user:secret@x", "https://x?y", "not an address",
    ])
    func addressesAreChecked(address: String) {
        let error = #expect(throws: HubError.self) { try HubSettings(environment: ["HF_ENDPOINT": address]) }
        #expect(error?.description.contains("HF_ENDPOINT") == true)
    }

    @Test func tokensAreChecked() {
        for token in ["a b", "a\r\nX-Header: b", "\u{e9}"] {
            let error = #expect(throws: HubError.self) { try HubSettings(environment: ["HF_TOKEN": token]) }
            #expect(error?.description.contains(token) == false)
        }
    }

    @Test func offlineFollowsTheEnvironment() throws {
        for (value, isOffline) in [
            ("1", true), ("true", true), ("YES", true), ("on", true), ("0", false), ("no", false),
        ] {
            #expect(try HubSettings(environment: ["HF_HUB_OFFLINE": value]).isOffline == isOffline)
        }
    }

    @Test func proxiesFollowTheEnvironment() throws {
        func proxy(_ address: String, _ environment: [String: String]) throws -> String? {
            try ProxySettings(environment: environment).proxy(for: try #require(URL(string: address)))?.absoluteString
        }
        let environment = ["HTTPS_PROXY": "http://p:1", "http_proxy": "q:2", "NO_PROXY": "localhost, .local,a.example"]
        #expect(try proxy("https://x.example", environment) == "http://p:1")
        #expect(try proxy("http://x.example", environment) == "http://q:2")
        #expect(try proxy("https://a.example", environment) == nil)
        #expect(try proxy("https://b.a.example", environment) == nil)
        #expect(try proxy("https://m.local", environment) == nil)
        #expect(try proxy("https://ba.example", environment) == "http://p:1")
        #expect(try proxy("https://x", ["all_proxy": "http://r:3", "no_proxy": "*"]) == nil)
        let error = #expect(throws: HubError.self) { try proxy("https://x", ["ALL_PROXY": "socks5://u:secret@r:3"]) }
        #expect(error?.description.contains("secret") == false)
    }
}
