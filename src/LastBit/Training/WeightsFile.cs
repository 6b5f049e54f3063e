using LastBit.Engines;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>Weights and running statistics as a .npz file with PyTorch's names and layouts: what torch.load_state_dict takes.</summary>
public static class WeightsFile
{
    // A counter of PyTorch's, which no bit depends on.
    private const string Counter = "num_batches_tracked";

    /// <summary>Writes a state; the file appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="state">The state.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Npz.Write(path, state.Layout.All.Select(tensor => (tensor.Name, state.Get(tensor).ToArray(), tensor.Shape.ToArray())));
    }

    /// <summary>Reads a state of a network.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The network.</param>
    /// <returns>The state, without vectors of an update rule.</returns>
    /// <exception cref="InputException">
    /// The file is not there or damaged, a tensor is missing, of another shape or type, or there is one that the network does not have.
    /// </exception>
    public static NetworkState Read(string path, Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        IReadOnlyDictionary<string, NumericArray> arrays = Npz.Read(path);
        ParameterLayout layout = model.Layout;
        string[] missing = [.. layout.All.Select(tensor => tensor.Name).Where(name => !arrays.ContainsKey(name))];
        string[] extra = [.. arrays.Keys.Where(name => layout.Find(name) is null && name.Split('.')[^1] != Counter)];
        if (missing.Length > 0 || extra.Length > 0)
        {
            throw new InputException($"{path}: is not of {model.Name}: " + (missing.Length > 0 ? $"it has no {missing[0]}" : "")
                + (missing.Length > 0 && extra.Length > 0 ? ", and " : "")
                + (extra.Length > 0 ? $"it has {ForeignText.Cut(extra[0])}, which the network does not have" : "")
                + "; give weights as `lastbit export` writes them of the same network, with PyTorch's names");
        }
        var state = new NetworkState(layout);
        try
        {
            foreach (Parameter tensor in layout.All)
                arrays[tensor.Name].Get<float>([.. tensor.Shape]).CopyTo(state.Get(tensor));
        }
        catch
        {
            state.Dispose();
            throw;
        }
        return state;
    }
}
