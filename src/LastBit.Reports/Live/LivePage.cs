using LastBit.Reports.Page;

namespace LastBit.Reports.Live;

/// <summary>The page of a run in progress; its script fills it from the events.</summary>
internal static class LivePage
{
    private const string Footer = "Served by the run itself, on this machine only; it ends with the run. "
        + "Long curves are thinned here; the result files have every point.";

    internal static string Html(string command, string policy) => PageAssets.Document($"{command}: live", "live", policy, Markup.Of($"""
        <header>
        <p class="eyebrow">LastBit · live</p>
        <h1>{command}</h1>
        <p class="answer" id="state" role="status">Connecting …</p>
        <noscript><p>This page is drawn by a script; the terminal shows the same progress.</p></noscript>
        </header>
        <main id="main">
        <section aria-labelledby="tasks-title"><h2 id="tasks-title">Progress</h2><ul id="tasks" class="card"></ul></section>
        <section aria-labelledby="charts-title"><h2 id="charts-title">Curves</h2><div id="charts"></div></section>
        <section aria-labelledby="messages-title"><h2 id="messages-title">Messages</h2><pre id="messages" class="card"></pre></section>
        </main>
        <footer><p>{Footer}</p></footer>
        """));
}
