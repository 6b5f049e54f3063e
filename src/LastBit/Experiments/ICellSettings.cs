using System.Text.Json.Nodes;
using LastBit.Runs;

namespace LastBit.Experiments;

/// <summary>Settings of an experiment made of cells: they say which of its runs are asked for, and those of a folder can grow.</summary>
/// <typeparam name="TSelf">The record.</typeparam>
public interface ICellSettings<TSelf>
{
    /// <summary>The document of what a folder is compared by: everything but which runs are asked for.</summary>
    JsonObject Document { get; }

    /// <summary>What is asked for, as a folder remembers it.</summary>
    JsonObject Asked { get; }

    /// <summary>The names of the cells that are asked for.</summary>
    IReadOnlyList<string> Cells();

    /// <summary>The same settings with what was asked for in a folder so far.</summary>
    /// <param name="plan">What <see cref="CellStore.ReadPlan"/> returned.</param>
    TSelf With(JsonObject plan);

    /// <summary>The settings that compute one cell and no other.</summary>
    /// <param name="cell">The cell's name.</param>
    /// <exception cref="InputException">There is no such cell.</exception>
    TSelf Only(string cell);

    /// <summary>Makes sure that every setting is possible.</summary>
    /// <exception cref="InputException">One is not; the message names it.</exception>
    void Validate();
}
